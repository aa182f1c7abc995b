import type { AuditProgress } from '@sallyport/contracts';
import type { ReplayReport } from '@sallyport/policy';
import type { DecisionCounts } from './audit-row.js';
import type { RuleCount, ScoreHistogram } from './category-tally.js';
import type { Gaps } from './gap-tally.js';
import type { LanguageCount } from './language-tally.js';
import type { LabelSamples } from './sample-tally.js';
import type { TopSources } from './source-tally.js';
import type { StageReport } from './stage-tally.js';
import type { Timeline } from './time-tally.js';

/** What another policy would have decided on the scores of an audit. `skipped`: lines without scores. */
export interface DraftReport extends ReplayReport {
  policy: string;
  against: string;
  skipped: number;
}

/** The report of an audit, as `GET /v1/audits/{id}/report` gives it. Numbers are exact, except where `max_error` says how far they may be off. */
export interface AuditReport {
  audit: Pick<AuditProgress, 'id' | 'status' | 'policy' | 'total' | 'done' | 'skipped' | 'created_at'>;
  /** Seconds since 1970. */
  generated_at: number;
  /** Lines with a result: what every number below is about. */
  lines: number;
  decisions: DecisionCounts;
  not_checked: Gaps;
  /** Names of the categories by code. */
  names: Record<string, string>;
  categories: RuleCount[];
  /** Absent when no line has a timestamp. */
  timeline?: Timeline;
  scores: ScoreHistogram[];
  /** Absent when no line has a source. */
  sources?: TopSources;
  languages: LanguageCount[];
  /** Absent when no cascade judged. */
  stages?: StageReport;
  /** True where samples show what was said. */
  with_text: boolean;
  samples: LabelSamples[];
  /** Absent when no draft was asked for and the policy has no shadow. */
  draft?: DraftReport;
}
