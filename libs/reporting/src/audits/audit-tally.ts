import type { AuditProgress, PolicyVersion } from '@sallyport/contracts';
import { policyCategories } from '@sallyport/policy';
import type { AuditReport, DraftReport } from './audit-report.js';
import { type AuditRow, decisionOf, noDecisions } from './audit-row.js';
import { CategoryTally } from './category-tally.js';
import { GapTally } from './gap-tally.js';
import { type LanguageDetector, LanguageTally, loadLanguageDetector } from './language-tally.js';
import { SampleTally } from './sample-tally.js';
import { SourceTally } from './source-tally.js';
import { StageTally } from './stage-tally.js';
import { TimeTally } from './time-tally.js';

/** What a report is to hold. `withText` only where the audit retains texts. */
export interface TallyOptions {
  withText: boolean;
  /** Sample lines per label and kind; default 5. */
  samples?: number;
}

const SAMPLES = 5;

/** Adds up the lines of an audit one at a time; what it holds does not grow with their number. */
export class AuditTally {
  private lines = 0;
  private readonly decisions = noDecisions();
  private readonly gaps = new GapTally();
  private readonly time = new TimeTally();
  private readonly sources = new SourceTally();
  private readonly languages: LanguageTally;
  private readonly categories: CategoryTally;
  private readonly samples: SampleTally;
  private readonly stages: StageTally;

  static async open(policy: PolicyVersion, options: TallyOptions): Promise<AuditTally> {
    return new AuditTally(policy, options, await loadLanguageDetector());
  }

  private constructor(
    private readonly policy: PolicyVersion,
    private readonly options: TallyOptions,
    detector: LanguageDetector,
  ) {
    this.languages = new LanguageTally(detector);
    this.categories = new CategoryTally(policy.document);
    this.samples = new SampleTally(policy.document, { most: options.samples ?? SAMPLES, withText: options.withText });
    this.stages = new StageTally(policy);
  }

  add(row: AuditRow): void {
    this.lines += 1;
    this.decisions[decisionOf(row.result)] += 1;
    for (const tally of [this.gaps, this.time, this.sources, this.languages, this.categories, this.samples, this.stages]) tally.add(row);
  }

  /** The report so far. */
  report({ id, status, policy, total, done, skipped, created_at }: AuditProgress, draft?: DraftReport): AuditReport {
    const [timeline, sources, stages] = [this.time.report(), this.sources.report(), this.stages.report()];
    return {
      audit: { id, status, policy, total, done, skipped, created_at }, generated_at: Math.floor(Date.now() / 1_000), lines: this.lines,
      decisions: this.decisions, not_checked: this.gaps.report(Math.max(0, total - this.lines)), names: this.names(), categories: this.categories.categories(),
      ...(timeline ? { timeline } : {}), scores: this.categories.scores(), ...(sources ? { sources } : {}), languages: this.languages.report(), ...(stages ? { stages } : {}),
      with_text: this.options.withText, samples: this.samples.report(), ...(draft ? { draft } : {}),
    };
  }

  private names(): Record<string, string> {
    return Object.fromEntries(policyCategories(this.policy.document).map(({ code, name }) => [code, name]));
  }
}
