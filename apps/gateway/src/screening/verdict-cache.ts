import { createHash } from 'node:crypto';
import type { ScreenKind, ScreenRequest, ScreenScores, ScreenSubject } from '@sallyport/contracts';
import { LRUCache } from 'lru-cache';

type Question = Omit<ScreenRequest, 'subjects'>;

/** Size and age limits of the cache; `maxEntries` 0 switches it off. */
export interface VerdictCacheOptions {
  maxEntries: number;
  ttlMs: number;
}

/**
 * Scores of texts that were judged before, by model, direction, text and history. It keeps hashes, never text, and only `scored` results.
 * Thresholds are not part of an entry: a cached score is judged again by whatever policy asks.
 */
export class VerdictCache {
  private readonly entries: LRUCache<string, ScreenScores> | undefined;
  /** The model that answered last for a screen; a new one makes all earlier entries unreachable. */
  private readonly models = new Map<ScreenKind, string>();

  constructor(options: VerdictCacheOptions) {
    if (options.maxEntries > 0) this.entries = new LRUCache({ max: options.maxEntries, ttl: options.ttlMs });
  }

  /** Scores for the subject under its own id, or undefined when it was not judged lately. */
  get(screen: ScreenKind, subject: ScreenSubject, question: Question = {}): ScreenScores | undefined {
    const model = this.models.get(screen);
    const scores = model === undefined ? undefined : this.entries?.get(keyOf(model, subject, question));
    return scores && { ...scores, subject: subject.id, queueMs: 0, inferenceMs: 0 };
  }

  /** Remembers scores; indeterminate ones are not kept, so that the next request asks again. */
  set(subject: ScreenSubject, scores: ScreenScores, question: Question = {}): void {
    if (scores.status !== 'scored') return;
    this.models.set(scores.screen, scores.model);
    this.entries?.set(keyOf(scores.model, subject, question), scores);
  }
}

/** A question may hold many examples; it is hashed once. */
const digests = new WeakMap<Question, string>();

function digestOf(question: Question): string {
  const known = digests.get(question) ?? createHash('sha256').update(JSON.stringify(question)).digest('base64url');
  digests.set(question, known);
  return known;
}

function keyOf(model: string, subject: ScreenSubject, question: Question): string {
  const content = JSON.stringify([model, digestOf(question), subject.direction, subject.text, (subject.history ?? []).map((turn) => [turn.role, turn.text])]);
  return createHash('sha256').update(content).digest('base64url');
}
