import type { AssignmentKind, AuditStatus, AuditVerdict, BatchEndpoint, BatchStatus, ErrorCode, FilePurpose, PolicyChange } from '@sallyport/contracts';
import type { ColumnType, Generated } from 'kysely';

/** Name of the PostgreSQL schema that holds every table of this library. */
export const SCHEMA_NAME = 'sallyport';

type Timestamp = ColumnType<Date, never, Date>;
type NullableTimestamp = ColumnType<Date | null, never, Date | null>;

/** One row per policy: which version is active, which one is in its shadow, and which was created last. */
export interface PoliciesTable {
  id: string;
  active: number;
  shadow: ColumnType<number | null, number | null | undefined, number | null>;
  latest: number;
  created_at: Generated<Timestamp>;
}

/** One row per immutable policy version; `document` is JSON text, so that key order and every string survive as written. */
export interface PolicyVersionsTable {
  policy_id: ColumnType<string, string, never>;
  version: ColumnType<number, number, never>;
  document: ColumnType<string, string, never>;
  note: ColumnType<string | null, string | null, never>;
  author: ColumnType<string | null, string | null | undefined, never>;
  parent: ColumnType<number | null, number | null | undefined, never>;
  /** When it first became active. */
  activated_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  created_at: Generated<Timestamp>;
}

/** The audit trail: one row per change, never changed or removed. */
export interface PolicyHistoryTable {
  seq: Generated<string>;
  policy_id: string;
  change: PolicyChange;
  version: number | null;
  previous: number | null;
  actor: string;
  note: string | null;
  at: Generated<Timestamp>;
}

/** One row per key, model or route that has a policy of its own. */
export interface PolicyAssignmentsTable {
  kind: AssignmentKind;
  subject: string;
  policy: string;
  allow_request: boolean;
}

/** One row: a number that grows in the transaction of every change, so that whoever sees it grown sees the change. */
export interface PolicyRevisionTable {
  one: boolean;
  value: string;
}

/** What a shadow version would have done to the decisions of an active one (`against`). */
export interface PolicyShadowCountsTable {
  policy_id: string;
  version: number;
  against: number;
  seen: number;
  differing: number;
  would_block: number;
  would_review: number;
  would_allow: number;
  unjudged: number;
}

/** How many decisions a rule had part in, under the active and under the shadow version. */
export interface PolicyShadowRulesTable {
  policy_id: string;
  version: number;
  rule: string;
  active: number;
  shadow: number;
}

/** The newest differing decisions; `difference` is JSON text. */
export interface PolicyShadowDifferencesTable {
  seq: Generated<string>;
  policy_id: string;
  version: number;
  difference: string;
}

/** One row per audit with its counters; `error` is JSON text of `{ code, message }`. `owner` is who may see it. */
export interface AuditsTable {
  id: string;
  owner: string;
  /** Among the audits of one owner, higher goes first. */
  priority: Generated<number>;
  /** JSON text: how its input is read. */
  options: ColumnType<string | null, string | null | undefined, never>;
  /** False: its lines are erased once it has ended and nothing of them can be tried again. */
  retain_text: Generated<boolean>;
  status: Generated<AuditStatus>;
  policy_id: string;
  policy_version: number;
  sealed: Generated<boolean>;
  total: Generated<number>;
  /** Lines of the input that the sample leaves out. */
  skipped: Generated<number>;
  done: Generated<number>;
  failed: Generated<number>;
  flagged: Generated<number>;
  /** Of the failed lines, those that another try may help. */
  retryable: Generated<number>;
  created_at: Generated<Timestamp>;
  started_at: NullableTimestamp;
  /** Since when it runs without a pause. */
  resumed_at: NullableTimestamp;
  /** Seconds that it ran before `resumed_at`. */
  active_s: Generated<number>;
  /** Where the window begins that its rate is taken from: when, and how many lines were done then. */
  window_at: NullableTimestamp;
  window_done: Generated<number>;
  /** Where the next window will begin. */
  mark_at: NullableTimestamp;
  mark_done: Generated<number>;
  /** When it was last worked on. */
  turn_at: NullableTimestamp;
  finished_at: NullableTimestamp;
  error: ColumnType<string | null, never, string | null>;
}

/** One row per chunk of an audit, in the order of `first_line`: `lines` is a JSON array of the input lines, `results` is JSON lines and null until the chunk is done for the first time. */
export interface AuditChunksTable {
  audit_id: string;
  ordinal: number;
  first_line: number;
  line_count: number;
  /** Line of the file that its last line is; null where that is its number in storage. */
  last_input_line: ColumnType<number | null, number | null | undefined, never>;
  lines: string;
  results: ColumnType<string | null, string | null | undefined, string>;
  /** JSON lines, one list of raw scores per result; null for chunks that were done before scores were kept. */
  scores: ColumnType<string | null, string | null | undefined, string | null>;
  /** Has lines to be screened: all of them, or those that failed when there are results. */
  pending: Generated<boolean>;
  /** The job that has taken it. */
  turn: ColumnType<string | null, never, string | null>;
  /** Tries that were begun and did not end it. */
  tries: Generated<number>;
  failed: Generated<number>;
  retryable: Generated<number>;
}

/** One row per line and reviewer; `categories` is JSON text. */
export interface AuditLabelsTable {
  audit_id: string;
  line: number;
  reviewer: string;
  label: AuditVerdict;
  categories: string;
  note: string | null;
  labelled_at: ColumnType<Date, never, Date>;
}

/** One row per file; its content is on disk under its id. `owner` is who may see it. */
export interface FilesTable {
  seq: Generated<string>;
  id: string;
  owner: string;
  filename: string;
  bytes: number;
  purpose: FilePurpose;
  created_at: ColumnType<Date, never, never>;
  expires_at: NullableTimestamp;
}

/** One row per batch. `ending` is the status it will have once its files are written; `closed`: no more results are taken. */
export interface BatchesTable {
  seq: Generated<string>;
  id: string;
  owner: string;
  /** Of the key that asked: what policies are assigned by. */
  key_id: string;
  idempotency_key: string | null;
  /** Digest of the parameters, by which a repeated idempotency key is compared. */
  fingerprint: string;
  endpoint: BatchEndpoint;
  input_file_id: string;
  completion_window: string;
  /** JSON text. */
  metadata: string | null;
  output_expires_after_s: number | null;
  status: Generated<BatchStatus>;
  ending: ColumnType<BatchEnding | null, never, BatchEnding>;
  closed: Generated<boolean>;
  /** JSON text of a list of BatchError. */
  errors: ColumnType<string | null, never, string>;
  total: Generated<number>;
  completed: Generated<number>;
  failed: Generated<number>;
  output_file_id: ColumnType<string | null, never, string | null>;
  error_file_id: ColumnType<string | null, never, string | null>;
  created_at: ColumnType<Date, never, never>;
  expires_at: ColumnType<Date, Date, never>;
  in_progress_at: NullableTimestamp;
  finalizing_at: NullableTimestamp;
  completed_at: NullableTimestamp;
  failed_at: NullableTimestamp;
  expired_at: NullableTimestamp;
  cancelling_at: NullableTimestamp;
  cancelled_at: NullableTimestamp;
}

export type BatchEnding = 'completed' | 'expired' | 'cancelled';

/** One row per chunk of a batch: `lines` is a JSON array of input lines; the rest is null until the chunk is done. */
export interface BatchChunksTable {
  batch_id: string;
  ordinal: number;
  lines: string;
  started_at: NullableTimestamp;
  /** JSON lines of the output file. */
  output: ColumnType<string | null, never, string>;
  /** JSON lines of the error file. */
  failures: ColumnType<string | null, never, string>;
  /** JSON array of the custom ids that were not answered before the end. */
  unanswered: ColumnType<string | null, never, string>;
}

/** The tables as Kysely sees them. */
export interface Schema {
  policies: PoliciesTable;
  policy_versions: PolicyVersionsTable;
  policy_history: PolicyHistoryTable;
  policy_assignments: PolicyAssignmentsTable;
  policy_revision: PolicyRevisionTable;
  policy_shadow_counts: PolicyShadowCountsTable;
  policy_shadow_rules: PolicyShadowRulesTable;
  policy_shadow_differences: PolicyShadowDifferencesTable;
  audits: AuditsTable;
  audit_chunks: AuditChunksTable;
  audit_labels: AuditLabelsTable;
  files: FilesTable;
  batches: BatchesTable;
  batch_chunks: BatchChunksTable;
}

/** What the `error` column of an audit holds. */
export interface StoredError {
  code: ErrorCode;
  message: string;
}
