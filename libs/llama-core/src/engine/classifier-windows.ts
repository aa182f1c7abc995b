import type { EncoderRow } from '../runtime/encoder-runner.js';

/** How a text is cut for an encoder, in tokens. The bundled classifiers are trained and measured with these values. */
export const WINDOW: WindowSizes = { tokens: 254, overlap: 64, context: 96 };
/** Prompt Guard reads 512 positions, two of them control tokens. Meta's own tools cut without overlap, or after the first window. */
export const DEBERTA_WINDOW: WindowSizes = { tokens: 510, overlap: 128, context: 96 };

/** Most tokens of the text in one window, how many of them the next one repeats, and most tokens of a context. */
export interface WindowSizes {
  tokens: number;
  overlap: number;
  context: number;
}

/** Ids that a BERT tokenizer puts around a text. */
export interface BertMarkers {
  cls: number;
  sep: number;
}

/** First token of each window; the last window ends at the last token, and every token is in at least one. */
export function windowStarts(count: number, size: number, overlap: number): number[] {
  const starts = [0];
  while (starts.at(-1)! + size < count) starts.push(starts.at(-1)! + size - overlap);
  return starts;
}

/** `[CLS] text [SEP]`, or `[CLS] context [SEP] text [SEP]` with the end of the context, window by window. */
export function encoderRows(text: readonly number[], context: readonly number[] | undefined, { window = WINDOW, ...o }: BertMarkers & { maxTokens: number; window?: WindowSizes }): EncoderRow[] {
  const head = context === undefined ? [o.cls] : [o.cls, ...context.slice(-window.context), o.sep];
  const size = Math.min(window.tokens, o.maxTokens - head.length - 1);
  const second = context === undefined ? 0 : 1;
  return windowStarts(text.length, size, Math.min(window.overlap, size - 1)).map((start) => {
    const part = text.slice(start, start + size);
    return { ids: [...head, ...part, o.sep], segments: [...head.map(() => 0), ...part.map(() => second), second] };
  });
}
