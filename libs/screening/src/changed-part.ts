/** Characters read on either side of what a view changed: more than a classifier's window. */
const AROUND = 2_000;

/** The part of a view that differs from the text, with {@link AROUND} characters on either side: a long text with one disguised word is not read twice. */
export function changedPart(view: string, text: string): string {
  const most = Math.min(view.length, text.length);
  let start = 0;
  while (start < most && view[start] === text[start]) start++;
  let tail = 0;
  while (tail < most - start && view[view.length - 1 - tail] === text[text.length - 1 - tail]) tail++;
  return view.slice(wordStart(view, Math.max(0, start - AROUND)), Math.min(view.length, view.length - tail + AROUND));
}

/** Back to the beginning of a word, within reason. */
function wordStart(text: string, at: number): number {
  const space = text.lastIndexOf(' ', at);
  return at === 0 || space < at - 100 ? at : space + 1;
}
