import type { AuditReport } from '../audits/audit-report.js';
import type { LabelSamples, SampleLine } from '../audits/sample-tally.js';
import { rulePlot, scorePlot, timelinePlots } from '../plots/audit-plots.js';
import { type Cell, count, paragraph, quoted, section, share, table } from './markup.js';

type NameOf = (code: string) => string;

/** Lines over time. */
export function timeSection({ timeline }: AuditReport): string {
  if (!timeline) return '';
  const without = timeline.without > 0 ? paragraph(`${count(timeline.without)} lines have no timestamp and are not shown here.`) : '';
  return section('Over time', timelinePlots(timeline), without);
}

/** What the rules caught. */
export function categorySection({ categories, lines }: AuditReport, nameOf: NameOf): string {
  const rows = categories.map(({ rule, lines: met, block, review }): Cell[] => [nameOf(rule), met, { markup: share(met, lines) }, block, review]);
  return section('By category', categories.length > 0 ? rulePlot(categories, nameOf) : '', table(['rule', 'lines', 'share', 'asks to block', 'asks to review'], rows, 'No line met a rule.'));
}

/** How the scores are spread, by label. */
export function scoreSection({ scores }: AuditReport, nameOf: NameOf): string {
  return section('Scores', `<div class="grid">${scores.map((histogram) => scorePlot(histogram, nameOf(histogram.label))).join('')}</div>`);
}

/** Where the lines come from, and in which languages they are. */
export function originSection({ sources, languages }: AuditReport): string {
  const bound = sources && sources.max_error > 0 ? `Sampled counts: a source may have up to ${count(sources.max_error)} lines more than shown.` : undefined;
  const without = sources && sources.without > 0 ? `${count(sources.without)} lines name no source.` : undefined;
  const bySource = sources ? `<div><h3>Sources with the most lines${sources.distinct === null ? '' : ` (of ${count(sources.distinct)})`}</h3>${table(['source', 'lines', 'flagged'], sources.top.map(({ source, lines, flagged }) => [quoted(source), lines, flagged]))}${[bound, without].map((text) => (text ? paragraph(text) : '')).join('')}</div>` : '';
  const names = new Intl.DisplayNames(['en'], { type: 'language' });
  const byLanguage = languages.map(({ language, lines, flagged }): Cell[] => [language === 'unknown' ? 'unknown: too short or not sure' : (names.of(language) ?? language), lines, flagged]);
  return section('Where from', `<div class="two">${bySource}<div><h3>Languages</h3>${table(['language', 'lines', 'flagged'], byLanguage)}</div></div>`);
}

/** Where the stages of a cascade disagree. */
export function stageSection({ stages }: AuditReport): string {
  if (!stages) return '';
  const { compared, encoder, llama_guard, only_encoder_lines, only_llama_guard_lines } = stages;
  const rows: Cell[][] = [['both flag', compared.both, ''], ['neither flags', compared.neither, ''], ['the encoder alone flags', compared.only_encoder, only_encoder_lines.join(', ')], ['the Llama Guard alone flags', compared.only_llama_guard, only_llama_guard_lines.join(', ')]];
  return section('Encoder and Llama Guard', paragraph(`${count(encoder)} texts were decided by the encoder, ${count(llama_guard)} by the Llama Guard. Of those that both read:`), table(['', 'texts', 'first lines'], rows));
}

/** Lines worth a look. */
export function sampleSection({ samples, with_text }: AuditReport, nameOf: NameOf): string {
  const note = with_text ? '' : paragraph('This audit keeps no texts: look the lines up by their numbers.');
  return section('To review', note, ...(samples.length === 0 ? ['<p class="empty">No line reached a threshold.</p>'] : samples.map((label) => samplesOf(label, nameOf(label.label), with_text))));
}

function samplesOf({ threshold, highest, nearest }: LabelSamples, name: string, withText: boolean): string {
  const rows = (kind: string, lines: readonly SampleLine[]): Cell[][] => lines.map(({ line, id, score, decision, text }) => [kind, line, quoted(id ?? ''), { markup: score.toFixed(3) }, decided(decision), ...(withText ? [quoted(text ?? '')] : [])]);
  const head = ['', 'line', 'id', 'score', 'decision', ...(withText ? ['text'] : [])];
  return `<h3>${quoted(name).markup} (threshold ${threshold})</h3>${table(head, [...rows('highest', highest), ...rows('nearest', nearest)])}`;
}

/** A decision in its colour. */
export const decided = (decision: string | null): Cell => (decision === null ? 'none' : { markup: `<span class="${decision === 'block' || decision === 'review' ? decision : ''}">${decision}</span>` });
