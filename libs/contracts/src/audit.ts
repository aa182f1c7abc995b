import type { PolicyAction } from './policy.js';
import type { ScreenStage } from './screening.js';

export type AuditStatus = 'queued' | 'running' | 'paused' | 'completed' | 'failed' | 'cancelled';

export interface AuditProgress {
  id: string;
  status: AuditStatus;
  policy: string;
  total: number;
  done: number;
  failed: number;
  flagged: number;
  /** Lines a second since the audit started running. */
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
  error?: { code: string; message: string; param?: string };
}
