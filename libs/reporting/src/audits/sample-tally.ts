import type { PolicyAction, PolicyDocument } from '@sallyport/contracts';
import { type AuditRow, labelScores } from './audit-row.js';
import { thresholdOf } from './category-tally.js';

const MOST_CHARS = 1_000;

/** A line worth a look. `text` only where the audit retains texts. */
export interface SampleLine {
  line: number;
  id?: string;
  score: number;
  decision: PolicyAction | null;
  text?: string;
}

/** Lines of one label: those with the highest scores at or over its threshold, and those nearest to it on both sides, where a person can tell whether it stands well. */
export interface LabelSamples {
  label: string;
  threshold: number;
  highest: SampleLine[];
  nearest: SampleLine[];
}

interface Kept {
  highest: Best;
  nearest: Best;
}

/** Keeps a few lines per label of the policy. */
export class SampleTally {
  private readonly kept = new Map<string, Kept & { threshold: number }>();

  constructor(
    private readonly policy: PolicyDocument,
    private readonly options: { most: number; withText: boolean },
  ) {}

  add(row: AuditRow): void {
    for (const [label, score] of labelScores(row.result)) {
      const kept = this.at(label);
      if (!kept) continue;
      const sample = () => this.sample(row, score);
      if (score >= kept.threshold) kept.highest.offer(-score, row.text, sample);
      kept.nearest.offer(Math.abs(score - kept.threshold), row.text, sample);
    }
  }

  /** Labels of which no line reached the threshold are left out. */
  report(): LabelSamples[] {
    return [...this.kept].map(([label, { threshold, highest, nearest }]) => ({ label, threshold, highest: highest.items(), nearest: nearest.items() })).filter(({ highest }) => highest.length > 0).sort((a, b) => a.label.localeCompare(b.label, 'en', { numeric: true }));
  }

  private at(label: string): (Kept & { threshold: number }) | undefined {
    const known = this.kept.get(label);
    const threshold = known?.threshold ?? thresholdOf(this.policy, label);
    if (known || threshold === null) return known;
    const { most } = this.options;
    const made = { threshold, highest: new Best(most), nearest: new Best(most) };
    this.kept.set(label, made);
    return made;
  }

  private sample({ result, text }: AuditRow, score: number): SampleLine {
    return { line: result.line, ...(result.id === undefined ? {} : { id: result.id }), score, decision: result.decision ?? null, ...(this.options.withText ? { text: text.slice(0, MOST_CHARS) } : {}) };
  }
}

/** The few entries of lowest rank; of equals, the first, and of the same text one: a flood of one message would fill the list. */
class Best {
  private readonly entries: Array<{ rank: number; text: string; sample: SampleLine }> = [];

  constructor(private readonly most: number) {}

  offer(rank: number, text: string, sample: () => SampleLine): void {
    if (this.entries.length >= this.most && rank >= this.entries.at(-1)!.rank) return;
    if (text !== '' && this.entries.some((entry) => entry.text === text)) return;
    const at = this.entries.findIndex((entry) => entry.rank > rank);
    this.entries.splice(at < 0 ? this.entries.length : at, 0, { rank, text, sample: sample() });
    if (this.entries.length > this.most) this.entries.pop();
  }

  items(): SampleLine[] {
    return this.entries.map(({ sample }) => sample);
  }
}
