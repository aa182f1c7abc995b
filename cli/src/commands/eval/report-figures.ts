import type { Interval, Metrics } from '@sallyport/reporting';
import type { SetEvaluation } from './evaluate-set.js';

/** The figures of a report, in order. */
export const FIGURES: ReadonlyArray<{ key: keyof Metrics; title: string }> = [
  { key: 'auprc', title: 'AUPRC' }, { key: 'auroc', title: 'AUROC' }, { key: 'f1', title: 'F1' }, { key: 'recall', title: 'recall' },
  { key: 'falsePositiveRate', title: 'false pos.' }, { key: 'recallAt1PercentFp', title: 'recall@1%' }, { key: 'recallAt5PercentFp', title: 'recall@5%' },
];

/** Three digits, or a dash where there is no figure. */
export const figure = (value: number | null): string => (value === null ? '–' : value.toFixed(3));

/** `0.812 [0.790, 0.833]`, without brackets where nothing could be drawn. */
export const withInterval = (value: number | null, range: Interval | undefined): string => (range === undefined ? figure(value) : `${figure(value)} [${figure(range[0])}, ${figure(range[1])}]`);

/** Columns of what the whole policy blocks, beside the figures of one score. */
export const BLOCKED_TITLES = ['blocked pos.', 'blocked neg.'];
export const blockedCells = ({ policy: { blocked } }: SetEvaluation): string[] => [figure(blocked.positives), figure(blocked.negatives)];

/** The overview for a terminal: two lines a set, the figures and under them their intervals. */
export function terminalTable(evaluations: readonly SetEvaluation[]): string {
  const head = ['set', 'model', 'rows', 'pos.', 'thr.', ...FIGURES.map(({ title }) => title), 'ECE', ...BLOCKED_TITLES];
  const lines = evaluations.flatMap((e) => {
    const cells = FIGURES.map(({ key }) => withInterval(e.metrics[key], e.intervals[key]).split(' [') as [string, string?]);
    return [[e.set, e.model, String(e.rows), String(e.positives), String(e.threshold), ...cells.map(([value]) => value), figure(e.calibration.ece), ...blockedCells(e)], ['', '', '', '', '', ...cells.map(([, range]) => (range === undefined ? '' : range.replace(']', '').replace(', ', '–'))), '', '', '']];
  });
  const widths = head.map((title, column) => Math.max(title.length, ...lines.map((line) => line[column]!.length)));
  return [head, ...lines].map((line) => line.map((cell, column) => (column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('  ').trimEnd()).join('\n');
}
