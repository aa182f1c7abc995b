import type { Metrics } from '../../evaluation/metrics.js';
import { escapeXml } from '../../evaluation/chart.js';
import { chartsOf } from './report-charts.js';
import { FIGURES, figure, withInterval } from './report-figures.js';
import type { SetEvaluation } from './evaluate-set.js';

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:1180px;margin:2rem auto;padding:0 1rem;color:#1f2328}table{border-collapse:collapse;margin:.6rem 0 1.2rem}
th,td{padding:.25rem .6rem;border-bottom:1px solid #d1d9e0;text-align:right}th:first-child,td:first-child{text-align:left}td small{color:#59636e}
figure{margin:0;display:flex;flex-wrap:wrap;gap:.5rem}svg{font:11px system-ui,sans-serif;fill:#1f2328;max-width:100%}.title{font-weight:600;font-size:13px}.grid{stroke:#e6eaef}
.diagonal{stroke:#8c959f;stroke-dasharray:4 3}h2{margin-top:2.4rem;border-top:2px solid #d1d9e0;padding-top:1rem}`;

/** One page that needs nothing beside it: figures with intervals, plots, tags, hazards, calibration. Holds no text of any row. */
export function reportHtml(evaluations: readonly SetEvaluation[], at: string): string {
  const body = [`<h1>Evaluation</h1><p>${escapeXml(at)}. 95 % bootstrap intervals in brackets; – where a set cannot give a figure.</p>`, overview(evaluations), ...evaluations.map(section)];
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sallyport evaluation</title><style>${STYLE}</style></head><body>${body.join('\n')}</body></html>\n`;
}

function overview(evaluations: readonly SetEvaluation[]): string {
  const rows = evaluations.map((e) => [e.set, e.model, e.target, String(e.rows), String(e.positives), String(e.threshold), ...FIGURES.map(({ key }) => interval(e, key)), figure(e.calibration.ece)]);
  return table(['set', 'model', 'label', 'rows', 'positives', 'threshold', ...FIGURES.map(({ title }) => title), 'ECE'], rows);
}

function section(evaluation: SetEvaluation): string {
  const { set, model, target, threshold, tags, hazards, failed, calibration } = evaluation;
  return [
    `<h2>${escapeXml(set)}: ${escapeXml(model)}</h2><p>Score: ${target}, threshold ${threshold}.${failed.length > 0 ? ` ${failed.length} rows have no score and are in no figure (lines ${failed.slice(0, 20).map(({ line }) => line).join(', ')}${failed.length > 20 ? ' …' : ''}).` : ''}</p>`,
    `<figure>${chartsOf(evaluation).join('')}</figure>`,
    hazards.length === 0 ? '' : `<h3>Hazards, each by its own score</h3>${table(['hazard', 'positives', 'negatives', 'threshold', 'AUPRC', 'AUROC', 'F1', 'recall', 'false positives'], hazards.map((h) => [h.hazard, String(h.positives), String(h.negatives), String(h.threshold), ...[h.auprc, h.auroc, h.f1, h.recall, h.falsePositiveRate].map(figure)]))}`,
    tags.length === 0 ? '' : `<h3>Categories of the set</h3>${table(['category', 'rows', 'positives', 'flagged', 'recall', 'false positives', 'mean score'], tags.map((t) => [t.tag, String(t.rows), String(t.positives), String(t.flagged), ...[t.recall, t.falsePositiveRate, t.meanScore].map(figure)]))}`,
    `<h3>Calibration (ECE ${figure(calibration.ece)}, Brier ${figure(calibration.brier)})</h3>${table(['score', 'rows', 'mean score', 'share of positives'], calibration.bins.map((bin) => [`${bin.from}–${bin.to}`, String(bin.rows), figure(bin.promised), figure(bin.observed)]))}`,
  ].join('\n');
}

const interval = (evaluation: SetEvaluation, key: keyof Metrics): string => withInterval(evaluation, key).replace(/ (\[.*\])$/, '\n$1');

const table = (head: readonly string[], rows: ReadonlyArray<readonly string[]>): string =>
  `<table><thead><tr>${head.map((cell) => `<th>${escapeXml(cell)}</th>`).join('')}</tr></thead><tbody>${rows.map((row) => `<tr>${row.map(cellOf).join('')}</tr>`).join('')}</tbody></table>`;

function cellOf(text: string): string {
  const [value = '', range] = text.split('\n');
  return `<td>${escapeXml(value)}${range === undefined ? '' : `<br><small>${escapeXml(range)}</small>`}</td>`;
}
