import type { PolicyAction } from './policy.js';
import type { ScreenStage } from './screening.js';

export type AuditStatus = 'queued' | 'running' | 'paused' | 'completed' | 'failed' | 'cancelled';

export interface AuditProgress {
  id: string;
  status: AuditStatus;
  policy: string;
  /** Among the audits of one owner, higher goes first. */
  priority: number;
  total: number;
  /** Lines with a final result; those that are being tried again are not among them. */
  done: number;
  failed: number;
  /** Of the failed lines, those whose check failed: `POST /v1/audits/{id}/retry` runs them again. */
  retryable: number;
  flagged: number;
  /** Input lines that the sample leaves out; `total` does not count them. */
  skipped: number;
  /** Lines a second, lately; of a finished audit: while it ran. 0 while it is paused. */
  rate: number;
  eta_s: number | null;
  created_at: number;
  error?: { code: string; message: string };
}

/** What is said of one text, line or message list: `results[i].sallyport` of `/v1/moderations`, one line of `sallyport moderate`, one result of an audit. */
export interface ModerationSummary {
  harm: number | null;
  /** Hazard code → probability 0–1. */
  categories: Record<string, number>;
  attack: number | null;
  attack_kind: string | null;
  decision: PolicyAction;
  /** `id@version`. */
  policy: string;
  models: string[];
  /** Which models of a cascade decided; absent without one. */
  stages?: ScreenStage[];
  /** What ran the models and what it could not tell; absent for the bundled encoders. */
  engines?: string[];
  coverage: { tokens: number; tokens_screened: number; windows: number; unscreened: string[] };
  /** Disguises that a screen saw through: the rule, and the view of the text that is flagged while the text as it stands is not. Absent when there was none. */
  views?: Array<{ screen: string; rule: string; view: string }>;
  /** Custom categories of the policy that the guard could not score. Absent when it could. */
  unjudged?: string[];
  /** Screens that gave no scores, with the reason. Absent when every check ran. */
  indeterminate?: Array<{ screen: string; reason: string }>;
}

/** One result line of an audit: exactly one per input line, in input order. `line` counts from 1. */
export interface AuditResult extends Partial<ModerationSummary> {
  line: number;
  id?: string;
  /** When it was said, as ISO 8601 in UTC, where the log knows it. */
  timestamp?: string;
  /** Where it was said, such as an app; at most 200 characters. */
  source?: string;
  /** The line with the same content whose result this is. */
  duplicate_of?: number;
  error?: { code: string; message: string; param?: string };
}

/** What an audit can be read from. */
export const AUDIT_FORMATS = ['jsonl', 'json', 'csv', 'tsv', 'parquet', 'sharegpt', 'openai'] as const;
export type AuditFormat = (typeof AUDIT_FORMATS)[number];

/** Columns, or dotted paths into nested ones, that hold what an audit wants to know of a line. */
export interface AuditFieldMap {
  text?: string;
  messages?: string;
  /** With or without `response`: a conversation of one or two messages. */
  prompt?: string;
  response?: string;
  id?: string;
  direction?: string;
  timestamp?: string;
  source?: string;
}

/** Which lines are screened: a share (0–1) of them, or so many. The same seed chooses the same lines. */
export interface AuditSample {
  share?: number;
  count?: number;
  seed?: number;
}

/** What `POST /v1/audits` can be told besides the lines. */
export interface AuditOptions {
  /** `id` or `id@version`. */
  policy?: string;
  /** Absent: found out from the content. */
  format?: AuditFormat;
  fields?: AuditFieldMap;
  sample?: AuditSample;
  /** Equal contents are screened once. */
  dedupe?: boolean;
  priority?: number;
  retain_text?: boolean;
}

/** What a reviewer says of a line. */
export const AUDIT_VERDICTS = ['harmful', 'harmless'] as const;
export type AuditVerdict = (typeof AUDIT_VERDICTS)[number];

/** The label of one reviewer for one line. `categories`: codes of the policy that the line is about, where it is harmful. */
export interface AuditLabel {
  line: number;
  reviewer: string;
  label: AuditVerdict;
  categories: string[];
  note?: string;
  /** Seconds since 1970. */
  labelled_at: number;
}
