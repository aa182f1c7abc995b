import { ViewBuilder } from './offset-map.js';
import type { Transformed } from './text-view.js';

/** Cuts a text into a tokenizer's pieces, in order; word-start marks may be there or not. */
export type CutPieces = (text: string) => readonly string[];

/** A piece that a normaliser changed is looked for only this far ahead. */
const REACH = 64;

/**
 * The text with spaces only where both its author and the model's tokenizer put a break: the answer to spaces strewn between letters, which blind Prompt Guard 1.
 * All white space goes, the tokenizer cuts what is left, and a space comes back before a piece that had one. Undefined if nothing changes or `cutPieces` throws.
 */
export function tokenSpacedText(text: string, cutPieces: CutPieces): Transformed {
  const kept: number[] = [];
  for (let at = 0; at < text.length; at++) if (!isSpace(text, at)) kept.push(at);
  if (kept.length === text.length) return undefined;
  const cleaned = kept.map((at) => text[at]).join('');
  const starts = pieceStarts(cleaned, cutPieces);
  if (!starts) return undefined;
  const builder = new ViewBuilder(text);
  kept.forEach((at, index) => {
    if (index > 0 && starts[index] === 1 && isSpace(text, at - 1)) builder.put(' ', (kept[index - 1] as number) + 1, at);
    builder.copy(at, at + 1);
  });
  const view = builder.finish();
  return view.text === text.replace(/\s+/g, ' ').trim() ? undefined : view;
}

const isSpace = (text: string, at: number): boolean => /\s/.test(text[at] as string);

/** 1 where a piece begins; undefined if the tokenizer throws. */
function pieceStarts(cleaned: string, cutPieces: CutPieces): Uint8Array | undefined {
  const starts = new Uint8Array(cleaned.length);
  const folded = sameLengthLower(cleaned);
  let at = 0;
  try {
    for (const piece of cutPieces(cleaned)) {
      const bare = sameLengthLower(piece.replace(/^(?:[▁Ġ]+|##)/, ''));
      const found = bare === '' ? -1 : folded.slice(at, at + REACH + bare.length).indexOf(bare);
      if (found < 0) continue;
      starts[at + found] = 1;
      at += found + bare.length;
    }
  } catch {
    return undefined;
  }
  return starts;
}

/** Lower case, for tokenizers that fold it; not where that would move positions. */
function sameLengthLower(text: string): string {
  const lower = text.toLowerCase();
  return lower.length === text.length ? lower : text;
}
