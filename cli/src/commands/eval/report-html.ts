import { escapeXml, type Interval, STYLE } from '@sallyport/reporting';
import { chartsOf } from './report-charts.js';
import { BLOCKED_TITLES, blockedCells, FIGURES, figure, withInterval } from './report-figures.js';
import type { SetEvaluation } from './evaluate-set.js';

/** The overview has a column for each figure. */
const WIDE = 'body{max-width:1300px}th,td{padding:.3rem .4rem}td small{white-space:nowrap;color:var(--soft)}td:first-child small{white-space:normal;overflow-wrap:anywhere}';

const HAZARD_FIGURES = ['auprc', 'auroc', 'f1', 'recall', 'falsePositiveRate'] as const;

/** One page that needs nothing beside it: figures with intervals, plots, tags, hazards, calibration. Holds no text of any row. */
export function reportHtml(evaluations: readonly SetEvaluation[], at: string): string {
  const body = [`<h1>Evaluation</h1><p>${escapeXml(at)}. 95 % bootstrap intervals below the figures; – where a set cannot give a figure. Blocked: which part of the positives and of the negatives the policy blocks, by all its rules for this screen.</p>`, overview(evaluations), ...evaluations.map(section)];
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sallyport evaluation</title><style>${STYLE}${WIDE}</style></head><body>${body.join('\n')}</body></html>\n`;
}

function overview(evaluations: readonly SetEvaluation[]): string {
  const rows = evaluations.map((e) => [`${e.set}\n${e.model}`, `${e.rows}\n${e.positives} positive`, `${e.target}\nfrom ${e.threshold}`, ...FIGURES.map(({ key }) => interval(e.metrics[key], e.intervals[key])), figure(e.calibration.ece), ...blockedCells(e)]);
  return table(['set, model', 'rows', 'score', ...FIGURES.map(({ title }) => title), 'ECE', ...BLOCKED_TITLES], rows);
}

function section(evaluation: SetEvaluation): string {
  const { set, model, target, threshold, tags, hazards, failed, calibration, policy } = evaluation;
  return [
    `<h2>${escapeXml(set)}: ${escapeXml(model)}</h2><p>Score: ${target}, threshold ${threshold}.${failed.length > 0 ? ` ${failed.length} rows have no score and are in no figure (lines ${failed.slice(0, 20).map(({ line }) => line).join(', ')}${failed.length > 20 ? ' …' : ''}).` : ''}</p>`,
    `<div class="grid">${chartsOf(evaluation).join('')}</div>`,
    hazards.length === 0 ? '' : `<h3>Hazards, each by its own score</h3>${table(['hazard', 'positives', 'negatives', 'threshold', 'AUPRC', 'AUROC', 'F1', 'recall', 'false positives'], hazards.map((h) => [h.hazard, String(h.positives), String(h.negatives), String(h.threshold), ...HAZARD_FIGURES.map((key) => interval(h[key], h.intervals[key]))]))}`,
    `<h3>What the policy makes of it</h3><p>Blocks ${percent(policy.blocked.positives)} of the positives and ${percent(policy.blocked.negatives)} of the negatives, by all its rules for this screen at their own thresholds. Another rule: a kind of attack, a list or a scanner.</p>${policy.rules.length === 0 ? '' : table(['rule', 'met by positives', 'met by negatives'], policy.rules.map(({ rule, positives, negatives }) => [rule, figure(positives), figure(negatives)]))}`,
    tags.length === 0 ? '' : `<h3>Categories of the set</h3>${table(['category', 'rows', 'positives', 'flagged', 'recall', 'false positives', 'mean score'], tags.map((t) => [t.tag, String(t.rows), String(t.positives), String(t.flagged), ...[t.recall, t.falsePositiveRate, t.meanScore].map(figure)]))}`,
    `<h3>Calibration (ECE ${figure(calibration.ece)}, Brier ${figure(calibration.brier)})</h3>${table(['score', 'rows', 'mean score', 'share of positives'], calibration.bins.map((bin) => [`${bin.from}–${bin.to}`, String(bin.rows), figure(bin.promised), figure(bin.observed)]))}`,
  ].join('\n');
}

const percent = (share: number | null): string => (share === null ? '–' : `${(100 * share).toFixed(1)} %`);

/** With its interval as {@link cellOf} takes it, no wider than a figure needs. */
const interval = (value: number | null, range: Interval | undefined): string => withInterval(value, range).replace(/ \[(.*), (.*)\]$/, '\n$1–$2');

const table = (head: readonly string[], rows: ReadonlyArray<readonly string[]>): string =>
  `<table><thead><tr>${head.map((cell) => `<th>${escapeXml(cell)}</th>`).join('')}</tr></thead><tbody>${rows.map((row) => `<tr>${row.map(cellOf).join('')}</tr>`).join('')}</tbody></table>`;

function cellOf(text: string): string {
  const [value = '', range] = text.split('\n');
  return `<td>${escapeXml(value)}${range === undefined ? '' : `<br><small>${escapeXml(range)}</small>`}</td>`;
}
