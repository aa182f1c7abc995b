import { detectLanguages, languageOfFence } from './detect-languages.js';
import type { CodeLanguage } from './rule.js';

/** A stretch of code at `[start, end)` and the languages whose rules it is held against. */
export interface CodeBlock {
  start: number;
  end: number;
  languages: readonly CodeLanguage[];
}

/** No weakness is shorter. */
const MIN_CODE = 5;
const FENCE = /^[ \t]{0,3}(`{3,}|~{3,})([^\n`]*)$/gm;
export const ALL_LANGUAGES: readonly CodeLanguage[] = ['python', 'javascript', 'sql', 'shell', 'c'];

/** Fenced blocks (an unclosed fence lasts to the end), and what lies between them where it looks like code. */
export function codeBlocks(text: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: { mark: string; info: string; start: number } | undefined;
  let outside = 0;
  for (const { index, 0: line, 1: mark = '', 2: info = '' } of text.matchAll(FENCE)) {
    if (!open) {
      addPlain(blocks, text, outside, index);
      open = { mark, info, start: Math.min(text.length, index + line.length + 1) };
    } else if (mark[0] === open.mark[0] && mark.length >= open.mark.length && info.trim() === '') {
      blocks.push(fenced(text, open, index));
      open = undefined;
      outside = index + line.length;
    }
  }
  if (open) blocks.push(fenced(text, open, text.length));
  else addPlain(blocks, text, outside, text.length);
  return blocks.filter((block) => block.end - block.start >= MIN_CODE);
}

/** A fence that names no language may hold any; one that names none of ours (or `text`) is judged by its looks. */
function fenced(text: string, { info, start }: { info: string; start: number }, end: number): CodeBlock {
  const named = languageOfFence(info);
  if (named) return { start, end, languages: [named] };
  return { start, end, languages: info.trim() === '' ? ALL_LANGUAGES : detectLanguages(text.slice(start, end)) };
}

function addPlain(blocks: CodeBlock[], text: string, start: number, end: number): void {
  if (end - start < MIN_CODE) return;
  const languages = detectLanguages(text.slice(start, end));
  if (languages.length > 0) blocks.push({ start, end, languages });
}
