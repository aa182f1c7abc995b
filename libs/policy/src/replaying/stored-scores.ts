import type { Direction, IndeterminateReason, ModerationSummary, ScreenKind, ScreenScores, ScreenStage, ViewScore } from '@sallyport/contracts';
import { ANY_ATTACK, ANY_HARM } from '../taxonomies/labels.js';

/** Raw scores of one screen for one text, as they are kept: enough to judge again, and nothing of the text. */
export interface StoredScores {
  subject: string;
  direction: Direction;
  screen: ScreenKind;
  scores: Record<string, number>;
  /** Labels that a view of the text raised. */
  views?: Record<string, ViewScore>;
  /** Present when the check gave no scores. */
  reason?: IndeterminateReason;
  /** Which model of a cascade decided. */
  stage?: ScreenStage;
  /** What the encoder of a cascade had scored where its Llama Guard decided. */
  encoder?: Record<string, number>;
  /** Labels may be left out where their score is low: that none of a policy's labels is there does not mean that a wrong model answered. */
  sparse?: true;
}

/** What is kept of scores. */
export function toStored({ subject, direction, screen, status, reason, scores, views, stage, encoder }: ScreenScores): StoredScores {
  return { subject, direction, screen, scores, ...(views ? { views } : {}), ...(stage ? { stage } : {}), ...(encoder ? { encoder } : {}), ...(status === 'indeterminate' ? { reason: reason ?? 'error' } : {}) };
}

/** Kept scores as a screen would have given them. */
export function fromStored({ subject, direction, screen, scores, views, reason }: StoredScores): ScreenScores {
  return { subject, direction, screen, model: 'stored', status: reason ? 'indeterminate' : 'scored', ...(reason ? { reason } : {}), scores, ...(views ? { views } : {}), coverage: { tokens: 0, tokensScreened: 0, windows: 0 }, queueMs: 0, inferenceMs: 0 };
}

/**
 * Scores from a verdict line, where no raw ones were kept: its highest scores, as if of one text. Only the likeliest kind of attack is known from it,
 * so the other kinds stay unjudged.
 */
export function fromSummary(summary: Partial<ModerationSummary>, direction: Direction = 'prompt'): StoredScores[] {
  const head = { subject: 'input', direction, sparse: true as const };
  const guard = { ...summary.categories, ...(typeof summary.harm === 'number' ? { [ANY_HARM]: summary.harm } : {}) };
  const failed = (summary.indeterminate ?? []).map(({ screen, reason }): StoredScores => ({ ...head, screen: screen as ScreenKind, scores: {}, reason: reason as IndeterminateReason }));
  return [
    ...(Object.keys(guard).length > 0 ? [{ ...head, screen: 'guard' as const, scores: guard }] : []),
    ...(typeof summary.attack === 'number' ? [{ ...head, screen: 'prompt-guard' as const, scores: { [ANY_ATTACK]: summary.attack } }] : []),
    ...failed,
  ];
}
