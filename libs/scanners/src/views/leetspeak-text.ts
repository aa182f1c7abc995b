import { englishScore, WORDS } from '../unicode/english.js';
import { ViewBuilder } from './offset-map.js';
import { remembered } from './remembered.js';
import type { Transformed } from './text-view.js';

const LETTERS: Readonly<Record<string, string>> = { '0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '6': 'g', '7': 't', '8': 'b', '9': 'g', '@': 'a', $: 's', '!': 'i', '|': 'l', '€': 'e' };
const TOKEN = /[A-Za-z0-9@$€|!]{2,24}/g;
/** What ends a token is punctuation, not a letter. */
const TRAILING = /[!|]+$/;
/** Mean log-likelihood of letter pairs from which an unknown word passes for English. */
const ENGLISH = -2.6;

/** The text with leetspeak words spelled in letters. One such word in a text is taken for a name or a code; two, or one common word with two signs, are not. */
export function leetspeakText(text: string): Transformed {
  const builder = new ViewBuilder(text);
  let taken = 0;
  let weight = 0;
  const spell = remembered(spellToken);
  for (const { index, 0: run } of text.matchAll(TOKEN)) {
    const token = run.replace(TRAILING, '');
    const spelled = isWhole(text, index, index + run.length) ? spell(token) : undefined;
    if (!spelled) continue;
    builder.copy(taken, index);
    builder.put(spelled.word, index, index + token.length);
    taken = index + token.length;
    weight += spelled.weight;
  }
  if (weight < 2) return undefined;
  builder.copy(taken, text.length);
  return builder.finish();
}

/** Not a piece of something longer, such as a key. */
const isWhole = (text: string, start: number, end: number): boolean => !/[\w\-/]/.test(text[start - 1] ?? ' ') && !/[\w\-/=]/.test(text[end] ?? ' ');

interface Spelled {
  word: string;
  /** How much it says for the text being leetspeak; 2 are enough. */
  weight: 0 | 1 | 2;
}

function spellToken(token: string): Spelled | undefined {
  const signs = token.match(/[^A-Za-z]/g)?.length ?? 0;
  const letters = token.length - signs;
  // A number behind a word (user42), a bare number and a unit (10pm) are not leetspeak.
  if (signs === 0 || letters === 0 || token.length < 3 || /^[A-Za-z]+[0-9]+$/.test(token) || /^[0-9]+[A-Za-z]{1,2}$/.test(token)) return spellShort(token, signs, letters);
  const variants = variantsOf(token);
  const known = variants.find((variant) => WORDS.has(variant.toLowerCase()));
  if (known) return { word: known, weight: signs > 1 ? 2 : 1 };
  if (signs < 2 || letters < 3 || /^[0-9a-f]+$/i.test(token) || !/[A-Za-z][^A-Za-z]+[A-Za-z]/.test(token)) return undefined;
  const best = variants.reduce((one, other) => (englishScore(other) > englishScore(one) ? other : one));
  return englishScore(best) > ENGLISH ? { word: best, weight: 1 } : undefined;
}

/** A `1` or `!` is an i or an l: every choice for up to three of them, all alike beyond. */
function variantsOf(token: string): string[] {
  const spelled = Array.from(token, (char) => (char === '1' || char === '!' ? '\0' : (LETTERS[char] ?? char))).join('');
  const open = spelled.split('\0').length - 1;
  if (open > 3) return ['i', 'l'].map((letter) => spelled.replaceAll('\0', letter));
  return Array.from({ length: 1 << open }, (_, choice) => {
    let bit = 0;
    return spelled.replace(/\0/g, () => ((choice >> bit++) & 1 ? 'l' : 'i'));
  });
}

/** Words that look like a number with a unit or a name with a number are read if they are common (`t0`, `m3`, `n0`), but say nothing of the text. */
function spellShort(token: string, signs: number, letters: number): Spelled | undefined {
  if (signs !== 1 || letters === 0) return undefined;
  const word = Array.from(token, (char) => LETTERS[char] ?? char).join('');
  return WORDS.has(word.toLowerCase()) ? { word, weight: 0 } : undefined;
}
