import * as Plot from '@observablehq/plot';
import type { RuleCount, ScoreHistogram } from '../audits/category-tally.js';
import type { Timeline } from '../audits/time-tally.js';
import { drawn, figure } from './drawn.js';

/** Decisions from the bottom of a bar to its top, in the colours of the page. */
const DECISIONS = [
  { name: 'block', colour: 'var(--block)' }, { name: 'review', colour: 'var(--review)' }, { name: 'none', colour: 'var(--none)' }, { name: 'allow', colour: 'var(--allow)' },
] as const;
const COLOUR = { domain: DECISIONS.map(({ name }) => name), range: DECISIONS.map(({ colour }) => colour) };
const WIDE = 1_000;
const MOST_RULES = 25;
/** 12,000; nothing between whole lines. */
const whole = (lines: number): string => (Number.isInteger(lines) ? lines.toLocaleString('en') : '');

/** Lines over time, by decision: all of them, and under it the flagged ones, which a bar of all would hide. */
export function timelinePlots({ unit, unit_s, buckets }: Timeline): string {
  const all = buckets.flatMap((bucket) => DECISIONS.map(({ name }) => ({ from: new Date(bucket.from), to: new Date(Date.parse(bucket.from) + unit_s * 1_000), decision: name, lines: bucket[name] })));
  const flagged = all.filter(({ decision }) => decision === 'block' || decision === 'review');
  return [figure(`Lines per ${unit} (UTC)`, bars(`Lines per ${unit}`, all), DECISIONS), figure(`Blocked and to be reviewed per ${unit}`, bars(`Flagged lines per ${unit}`, flagged), DECISIONS.slice(0, 2))].join('');
}

function bars(label: string, data: ReadonlyArray<{ from: Date; to: Date; decision: string; lines: number }>): string {
  return drawn(label, {
    width: WIDE, height: 170, marginLeft: 60, color: COLOUR, x: { type: 'utc', label: null }, y: { label: 'lines', grid: true, ticks: 4, tickFormat: whole },
    marks: [Plot.rectY(data.filter(({ lines }) => lines > 0), Plot.stackY({ x1: 'from', x2: 'to', y: 'lines', fill: 'decision', order: COLOUR.domain as string[], insetLeft: 0.5, insetRight: 0.5 })), Plot.ruleY([0])],
  });
}

/** Lines by rule, by what the rule asks for. `nameOf` gives a rule its name. */
export function rulePlot(rules: readonly RuleCount[], nameOf: (rule: string) => string): string {
  const shown = rules.slice(0, MOST_RULES);
  const data = shown.flatMap(({ rule, block, review }) => [{ rule: nameOf(rule), lines: block, action: 'block' }, { rule: nameOf(rule), lines: review, action: 'review' }]);
  const svg = drawn('Lines by rule', {
    width: WIDE, height: 40 + 22 * shown.length, marginLeft: 260, marginRight: 60, color: COLOUR, x: { label: 'lines', grid: true, tickFormat: whole }, y: { label: null, domain: shown.map(({ rule }) => nameOf(rule)) },
    marks: [
      Plot.barX(data.filter(({ lines }) => lines > 0), Plot.stackX({ x: 'lines', y: 'rule', fill: 'action' })),
      Plot.text(shown.map(({ rule, lines }) => ({ rule: nameOf(rule), lines })), { x: 'lines', y: 'rule', text: ({ lines }: RuleCount) => lines.toLocaleString('en'), textAnchor: 'start', dx: 4 }),
      Plot.ruleX([0]),
    ],
  });
  return figure('Lines by rule', svg, DECISIONS.slice(0, 2));
}

/** The scores of one label. Heights are square roots: nearly all lines score near 0 and would hide the rest. */
export function scorePlot({ label, threshold, bins }: ScoreHistogram, name: string): string {
  const data = bins.map((lines, i) => ({ from: i / bins.length, to: (i + 1) / bins.length, lines }));
  const svg = drawn(`Scores of ${label}`, {
    width: 320, height: 150, marginLeft: 52, x: { domain: [0, 1], label: 'score', ticks: 5 }, y: { type: 'sqrt', label: 'lines (root scale)', grid: true, ticks: 4, tickFormat: whole },
    marks: [Plot.rectY(data.filter(({ lines }) => lines > 0), { x1: 'from', x2: 'to', y: 'lines', fill: 'var(--ink)', insetLeft: 0.5, insetRight: 0.5 }), Plot.ruleY([0]), ...(threshold === null ? [] : [Plot.ruleX([threshold], { stroke: 'var(--block)', strokeWidth: 1.5, strokeDasharray: '4 2' })])],
  });
  return figure(threshold === null ? `${name} (no threshold)` : `${name} (threshold ${threshold})`, svg);
}
