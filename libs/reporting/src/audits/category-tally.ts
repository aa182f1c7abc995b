import type { PolicyDocument } from '@sallyport/contracts';
import { type AuditRow, labelScores } from './audit-row.js';

/** Bins of a histogram: twenty, each 0.05 wide; the last holds 1 too. */
export const HISTOGRAM_BINS = 20;

/** Lines that met a rule of the policy: a category, an attack, a list entry, a finding. `review` and `block` are what the rule asks for, not what was decided in the end. */
export interface RuleCount {
  rule: string;
  lines: number;
  review: number;
  block: number;
}

/** Scores of one label over all lines that have one. `bins[i]` counts scores from i / 20 to (i + 1) / 20. */
export interface ScoreHistogram {
  label: string;
  /** Of the policy; null where it has no rule for the label or the rule is off. */
  threshold: number | null;
  lines: number;
  bins: number[];
}

/** Counts what the rules caught and how the scores are spread. */
export class CategoryTally {
  private readonly rules = new Map<string, RuleCount>();
  private readonly histograms = new Map<string, number[]>();

  constructor(private readonly policy: PolicyDocument) {}

  add({ rules, result }: AuditRow): void {
    for (const { rule, action } of rules) {
      const count = this.rules.get(rule) ?? { rule, lines: 0, review: 0, block: 0 };
      count.lines += 1;
      count.review += Number(action === 'review');
      count.block += Number(action === 'block' || action === 'redact');
      this.rules.set(rule, count);
    }
    for (const [label, score] of labelScores(result)) {
      const bins = this.histograms.get(label) ?? Array.from({ length: HISTOGRAM_BINS }, () => 0);
      bins[Math.min(HISTOGRAM_BINS - 1, Math.floor(score * HISTOGRAM_BINS))]! += 1;
      this.histograms.set(label, bins);
    }
  }

  categories(): RuleCount[] {
    return [...this.rules.values()].sort((a, b) => b.lines - a.lines || byCode(a.rule, b.rule));
  }

  scores(): ScoreHistogram[] {
    const histograms = [...this.histograms].map(([label, bins]) => ({ label, threshold: thresholdOf(this.policy, label), lines: bins.reduce((sum, lines) => sum + lines, 0), bins }));
    return histograms.sort((a, b) => byCode(a.label, b.label));
  }
}

/** The threshold of a label in a policy; null where nothing is done about it. */
export function thresholdOf(policy: PolicyDocument, label: string): number | null {
  const custom = policy.customCategories?.find(({ code }) => `custom:${code}` === label);
  const rule = custom ?? policy.categories[label] ?? policy.attacks[label];
  return rule?.enabled ? rule.threshold : null;
}

const GENERAL = ['harm', 'attack'];
const byCode = (a: string, b: string): number => Number(GENERAL.includes(b)) - Number(GENERAL.includes(a)) || a.localeCompare(b, 'en', { numeric: true });
