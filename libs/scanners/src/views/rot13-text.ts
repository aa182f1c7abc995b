import { englishScore, WORDS } from '../unicode/english.js';
import { ViewBuilder } from './offset-map.js';
import type { Transformed } from './text-view.js';

const SHIFT = 13;
const MIN_LETTERS = 8;
/** If the turned text is likelier as English by so many nats per letter pair, a fifth of its letters in common words are enough; otherwise three fifths are asked. */
const MARGIN = 0.7;
/** A stretch ends at one of these; a rot13 sentence inside an English text is turned alone. */
const STRETCH = /[^\n.:!?;"'()[\]{}<>]+/g;

/** The text with those stretches turned by rot13 that then look more like English than before. */
export function rot13Text(text: string): Transformed {
  let builder: ViewBuilder | undefined;
  let taken = 0;
  for (const { index, 0: stretch } of text.matchAll(STRETCH)) {
    const end = index + stretch.length;
    if (!looksTurned(text, index, end)) continue;
    builder ??= new ViewBuilder(text);
    builder.copy(taken, index);
    builder.put(rot13(stretch), index, end);
    taken = end;
  }
  builder?.copy(taken, text.length);
  return builder?.finish();
}

function looksTurned(text: string, start: number, end: number): boolean {
  if (end - start < MIN_LETTERS) return false;
  const [plain, turned] = [englishScore(text, start, end), englishScore(text, start, end, SHIFT)];
  if (!(turned > plain)) return false;
  const words = text.slice(start, Math.min(end, start + 2000)).toLowerCase().match(/[a-z]+/g) ?? [];
  const letters = words.reduce((sum, word) => sum + word.length, 0);
  // Two letters are a word in too many ways.
  const known = (turn: (word: string) => string) => words.reduce((sum, word) => sum + (word.length > 2 && WORDS.has(turn(word)) ? word.length : 0), 0);
  const gained = known(rot13) - known((word) => word);
  return letters >= MIN_LETTERS && gained * 5 >= letters * (turned > plain + MARGIN ? 1 : 3);
}

const rot13 = (text: string): string => text.replace(/[a-z]/gi, (letter) => String.fromCharCode(((letter.charCodeAt(0) & 31) - 1 + SHIFT) % 26 + (letter < 'a' ? 65 : 97)));
