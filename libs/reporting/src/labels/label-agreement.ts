import type { AuditLabel, AuditResult, PolicyDocument } from '@sallyport/contracts';
import { policyCategories } from '@sallyport/policy';
import { labelScores } from '../audits/audit-row.js';
import { thresholdOf } from '../audits/category-tally.js';
import { type ThresholdFit, bestThreshold } from '../figures/best-threshold.js';
import { type Agreement, AgreementTally } from '../figures/kappa.js';
import { majorityOf, truthOf } from './label-truth.js';

/** Fewer labelled lines, or fewer of one kind among them, are no ground for a threshold. */
export const FEWEST_LABELS = { lines: 30, ofEachKind: 5 } as const;

/** What labels say of the threshold of one label of the policy. Without `best`, they are too few: `refused` says what is missing. */
export interface ThresholdAdvice {
  label: string;
  current: number;
  /** Labelled lines that tell whether this label holds, and how many of them say yes and no. */
  lines: number;
  positives: number;
  negatives: number;
  best?: ThresholdFit;
  now?: ThresholdFit;
  refused?: string;
}

/** How reviewers agree with each other and with the policy, and which thresholds would have matched them best. */
export interface LabelAgreement {
  labels: number;
  lines: number;
  /** Lines on which as many reviewers say harmful as harmless: no ground for anything but the pairs. */
  ties: number;
  reviewers: Array<{ reviewer: string; labels: number; harmful: number }>;
  pairs: Array<Agreement & { reviewers: [string, string] }>;
  /** The policy says harmful where it blocks or wants a review. */
  policy: Array<Agreement & { reviewer: string }>;
  thresholds: ThresholdAdvice[];
  minimum: typeof FEWEST_LABELS;
}

/** Adds up labelled lines. Holds one score and one truth per labelled line and label of the policy. */
export class AgreementBook {
  private readonly reviewers = new Map<string, { labels: number; harmful: number }>();
  private readonly pairs = new Map<string, { reviewers: [string, string]; tally: AgreementTally }>();
  private readonly withPolicy = new Map<string, AgreementTally>();
  private readonly rows = new Map<string, { targets: number[]; scores: number[] }>();
  private readonly total = { labels: 0, lines: 0, ties: 0 };

  constructor(private readonly policy: PolicyDocument) {}

  /** `labels`: all of one line; `result`: what the audit made of it. */
  add(labels: readonly AuditLabel[], result: AuditResult): void {
    this.total.lines += 1;
    this.total.labels += labels.length;
    const flagged = result.decision === undefined ? undefined : result.decision !== 'allow';
    for (const [i, one] of labels.entries()) {
      this.reviewer(one, flagged);
      for (const other of labels.slice(i + 1)) this.pair(one, other);
    }
    const majority = majorityOf(labels);
    if (majority) this.scores(majority, result);
    else this.total.ties += 1;
  }

  report(): LabelAgreement {
    return {
      ...this.total,
      reviewers: [...this.reviewers].map(([reviewer, counts]) => ({ reviewer, ...counts })),
      pairs: [...this.pairs.values()].map(({ reviewers, tally }) => ({ reviewers, ...tally.report() })),
      policy: [...this.withPolicy].map(([reviewer, tally]) => ({ reviewer, ...tally.report() })),
      thresholds: this.thresholds(),
      minimum: FEWEST_LABELS,
    };
  }

  private reviewer({ reviewer, label }: AuditLabel, flagged: boolean | undefined): void {
    const counts = this.reviewers.get(reviewer) ?? { labels: 0, harmful: 0 };
    counts.labels += 1;
    counts.harmful += Number(label === 'harmful');
    this.reviewers.set(reviewer, counts);
    if (flagged === undefined) return;
    const tally = this.withPolicy.get(reviewer) ?? new AgreementTally();
    tally.add(label === 'harmful', flagged);
    this.withPolicy.set(reviewer, tally);
  }

  private pair(one: AuditLabel, other: AuditLabel): void {
    const key = JSON.stringify([one.reviewer, other.reviewer]);
    const pair = this.pairs.get(key) ?? { reviewers: [one.reviewer, other.reviewer], tally: new AgreementTally() };
    pair.tally.add(one.label === 'harmful', other.label === 'harmful');
    this.pairs.set(key, pair);
  }

  private scores(majority: ReturnType<typeof majorityOf> & object, result: AuditResult): void {
    for (const [label, score] of labelScores(result)) {
      const truth = truthOf(majority, label);
      if (truth === undefined) continue;
      const rows = this.rows.get(label) ?? { targets: [], scores: [] };
      rows.targets.push(truth);
      rows.scores.push(score);
      this.rows.set(label, rows);
    }
  }

  private thresholds(): ThresholdAdvice[] {
    return policyCategories(this.policy).flatMap(({ code }) => {
      const [rows, current] = [this.rows.get(code), thresholdOf(this.policy, code)];
      return rows && current !== null ? [advice(code, current, rows)] : [];
    });
  }
}

function advice(label: string, current: number, rows: { targets: number[]; scores: number[] }): ThresholdAdvice {
  const positives = rows.targets.filter((target) => target === 1).length;
  const head = { label, current, lines: rows.targets.length, positives, negatives: rows.targets.length - positives };
  const { lines, ofEachKind } = FEWEST_LABELS;
  if (head.lines < lines || Math.min(positives, head.negatives) < ofEachKind) return { ...head, refused: `A threshold takes ${lines} labelled lines, at least ${ofEachKind} of them with this label and ${ofEachKind} without it.` };
  const { best, current: now } = bestThreshold(rows, current);
  return { ...head, best, now };
}
