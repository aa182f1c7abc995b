import { readStoredLine } from '@sallyport/audit-formats';
import type { AuditLabel } from '@sallyport/contracts';
import { majorityOf, truthOf } from '@sallyport/reporting';
import type { ScoredResult } from '@sallyport/storage';
import { readStoredItem } from '../report/line-texts.js';

/** What a set is labelled for, and whose labels count; without `reviewer`, what most of them say. */
export interface LabelSetOptions {
  target: 'harm' | 'attack';
  reviewer?: string | undefined;
}

/** One row of an evaluation set for `sallyport eval`, as a JSON line; empty for a line that says nothing about the target: a tie, no label of that reviewer, a line that cannot be read. */
export function labelRow(labels: readonly AuditLabel[], scored: ScoredResult, { target, reviewer }: LabelSetOptions): string {
  const majority = majorityOf(reviewer === undefined ? labels : labels.filter((label) => label.reviewer === reviewer));
  const label = majority && truthOf(majority, target);
  const [item, stored] = [readStoredItem(scored.text), readStoredLine(scored.text)];
  if (!majority || label === undefined || !item || stored.kind === 'failure') return '';
  // As the log has them: what was read of them is in a shape of our own.
  const content = item.messages ? { messages: (JSON.parse(stored.json) as { messages: unknown }).messages } : { text: item.text, ...(item.direction ? { role: item.direction } : {}) };
  const hazards = majority.categories.filter((code) => /^S\d+$/.test(code));
  return `${JSON.stringify({ ...content, label, task: target === 'harm' ? 'content' : 'injection', ...(hazards.length > 0 ? { s: hazards } : {}), ...(majority.categories.length > 0 ? { categories: majority.categories } : {}), line: scored.result.line, ...(item.id === undefined ? {} : { id: item.id }) })}\n`;
}
