import type { Tokenizer } from '@sallyport/llama-core';
import { textViews, tokenSpacedText } from '@sallyport/scanners';
import type { NamedView, ViewMaker } from './view-scores.js';

/** All views that need no tokenizer. */
export const textViewsOf: ViewMaker = (text) => textViews(text);

/**
 * All views, and one with spaces only where the model's own tokenizer would have them: Meta's answer to spaces strewn between letters. It is read beside the text and not instead
 * of it, and only where it takes a quarter fewer tokens, which honest text never does: otherwise every text would be read twice.
 */
export function modelViews(tokenizer: Tokenizer): ViewMaker {
  return async (text) => {
    const views = textViews(text);
    const plain = (views.find(({ name }) => name === 'latin') ?? views.find(({ name }) => name === 'visible'))?.text ?? text;
    const spaced = await tokenSpaced(plain, tokenizer);
    const fresh = spaced !== plain && spaced !== text && !views.some((view) => view.text === spaced);
    return fresh ? [...views, { name: 'token-spacing', text: spaced } satisfies NamedView] : views;
  };
}

/** Characters that are repaired together or not at all: a line, or a part of a longer one, cut between words. */
const STRETCH = /[^\n]{1,120}(?=\s|$)|[^\n]{1,120}|\n+/g;

async function tokenSpaced(text: string, tokenizer: Tokenizer): Promise<string> {
  const stretches: string[] = [];
  for (const [stretch] of text.matchAll(STRETCH)) stretches.push(await repaired(stretch, tokenizer));
  return stretches.join('');
}

const LEAST_TOKENS = 6;
const SHARE_LEFT = 0.75;
const SHARE_KNOWN = 0.9;

async function repaired(stretch: string, tokenizer: Tokenizer): Promise<string> {
  const before = (await tokenizer.encodeText(stretch)).length;
  if (before < LEAST_TOKENS || !/\S\s+\S/.test(stretch)) return stretch;
  const bare = stretch.replace(/\s+/g, '');
  const pieces = await piecesOf(bare, tokenizer);
  // An unknown stretch (WordPiece gives up on words of more than 100 letters) says nothing of where words begin.
  if (pieces.join('').length < bare.length * SHARE_KNOWN) return stretch;
  const spaced = pieces.length > before * SHARE_LEFT ? undefined : tokenSpacedText(stretch, () => pieces)?.text;
  if (spaced === undefined || (await tokenizer.encodeText(spaced)).length > before * SHARE_LEFT) return stretch;
  // Cutting took the white space at its ends.
  return `${/^\s*/.exec(stretch)![0]}${spaced}`;
}

async function piecesOf(text: string, tokenizer: Tokenizer): Promise<string[]> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return (await tokenizer.encodeText(text)).map((id) => decoder.decode(tokenizer.bytesOf(id)).trim());
}
