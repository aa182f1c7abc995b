import type { DraftReport } from '../audits/audit-report.js';
import { decided } from './audit-findings.js';
import { type Cell, count, paragraph, quoted, section, table } from './markup.js';

const ACTIONS = ['allow', 'review', 'block'] as const;

/** What the draft policy would change. */
export function draftSection(draft: DraftReport | undefined, nameOf: (code: string) => string): string {
  if (!draft) return '';
  const { policy, against, rows, changed, skipped, unjudged, moves, by_category, examples } = draft;
  const matrix = ACTIONS.map((from): Cell[] => [from, ...ACTIONS.map((to): Cell => moves[from][to])]);
  const categories = Object.entries(by_category).filter(([, { added, removed }]) => added + removed > 0).map(([code, { before, after, added, removed }]): Cell[] => [nameOf(code), before, after, added, removed]);
  const withText = examples.some(({ text }) => text !== undefined);
  const shown = examples.map(({ line, id, before, after, reasons, text }): Cell[] => [line, quoted(id ?? ''), decided(before), decided(after), reasons[0] ? nameOf(reasons[0].rule) : '', ...(withText ? [quoted(text ?? '')] : [])]);
  return section(
    `What ${policy} would change`,
    paragraph(`${count(changed)} of ${count(rows)} decisions of ${against} would change.${skipped > 0 ? ` ${count(skipped)} lines have no scores to judge again.` : ''}${unjudged > 0 ? ` ${count(unjudged)} lines have texts or categories that ${policy} would have had checked and that no score is kept of.` : ''}`),
    '<div class="two"><div><h3>From (row) to (column)</h3>', table(['', ...ACTIONS], matrix), '</div><div><h3>Rules that catch more or less</h3>', table(['rule', 'now', 'draft', 'new', 'gone'], categories), '</div></div>',
    '<h3>Examples</h3>', table(['line', 'id', 'now', 'draft', 'because of', ...(withText ? ['text'] : [])], shown, 'No decision would change.'),
  );
}
