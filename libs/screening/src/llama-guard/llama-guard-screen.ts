import { type ClassifierDescription, type IndeterminateReason, SallyportError, type ScreenReply, type ScreenRequest, type ScreenScores, type ScreenSubject } from '@sallyport/contracts';
import { LlamaCoreError } from '@sallyport/llama-core';
import { ANY_HARM } from '@sallyport/policy';
import { validateScreenRequest } from '../classifier-screen.js';
import type { Screen, ScreenOptions } from '../screen.js';
import { FirstOfItsKind } from './first-of-its-kind.js';
import type { GuardModel } from './guard-model.js';
import { guardLabels, type GuardQuestion, guardQuestion } from './guard-question.js';
import { readSubject, type SubjectReading } from './read-subject.js';

/** A failed check: why, and nothing else. */
const REASONS: Partial<Record<LlamaCoreError['code'], IndeterminateReason>> = { deadline_exceeded: 'timeout', remote_unreachable: 'unavailable', rate_limited: 'overloaded', engine_closed: 'unavailable', worker_crashed: 'unavailable' };

/** A screen on one Llama Guard: `harm` is P(unsafe), each category its share of that. What it cannot tell is `indeterminate`, never safe. */
export class LlamaGuardScreen implements Screen {
  /** A policy's tokens are computed once, by the first subject that needs them; the others of a batch wait for that and find them in the prefix cache. */
  private readonly policies = new FirstOfItsKind();

  constructor(
    private readonly model: GuardModel,
    private readonly name: string,
    private readonly onFailure: (error: unknown) => void = () => undefined,
  ) {}

  describe(): ClassifierDescription {
    const { version, sha256, maxPromptTokens } = this.model.describe();
    const maxTokens = Number.isFinite(maxPromptTokens) ? maxPromptTokens : 0;
    return { id: sha256 === '' ? this.name : `${this.name}@${sha256.slice(0, 12)}`, screen: 'guard', labels: [ANY_HARM, ...guardLabels(version)], maxTokens, sha256, reads: 'whole' };
  }

  /** See {@link Screen}. One subject's failure leaves the others. */
  async screen(request: ScreenRequest, options: ScreenOptions = {}): Promise<ScreenReply> {
    validateScreenRequest(request);
    const { version, takesPolicies } = this.model.describe();
    const question = guardQuestion(version, takesPolicies ? request : {});
    const results = await Promise.all(request.subjects.map((subject) => this.one(subject, question, options)));
    return { results: results.map((scores) => (takesPolicies ? scores : withoutExcluded(scores, request.excluded ?? []))) };
  }

  close(): Promise<void> {
    return this.model.close();
  }

  private async one(subject: ScreenSubject, question: GuardQuestion, options: ScreenOptions): Promise<ScreenScores> {
    try {
      const policy = `${subject.direction === 'response'} ${JSON.stringify(question.categories)}`;
      return this.scored(subject, question, await this.policies.run(policy, () => readSubject(this.model, subject, question, options)));
    } catch (error) {
      if (options.signal?.aborted) throw new SallyportError('cancelled', 'The screen was cancelled by its caller.', { cause: error });
      if (error instanceof LlamaCoreError && error.code === 'overloaded') throw new SallyportError('overloaded', 'The guard queue is full.', { retryAfterS: 1, cause: error });
      this.onFailure(error);
      return this.indeterminate(subject, (error instanceof LlamaCoreError && REASONS[error.code]) || 'error');
    }
  }

  private scored(subject: ScreenSubject, { labels }: GuardQuestion, { unsafe, shares, coverage, queueMs, inferenceMs }: SubjectReading): ScreenScores {
    if (unsafe === undefined || !Number.isFinite(unsafe)) return { ...this.indeterminate(subject, 'unparsable'), coverage, queueMs, inferenceMs };
    const scores: Record<string, number> = { [ANY_HARM]: unsafe };
    for (const [code, meant] of labels) for (const label of meant) scores[label] = Math.max(scores[label] ?? 0, shares.get(code) ?? 0);
    return { ...this.head(subject), status: 'scored', scores, coverage, queueMs, inferenceMs };
  }

  private indeterminate(subject: ScreenSubject, reason: IndeterminateReason): ScreenScores {
    return { ...this.head(subject), status: 'indeterminate', reason, scores: {}, coverage: { tokens: 0, tokensScreened: 0, windows: 0 }, queueMs: 0, inferenceMs: 0 };
  }

  private head(subject: ScreenSubject) {
    return { subject: subject.id, direction: subject.direction, screen: 'guard' as const, model: this.describe().id, engine: this.model.describe().engine };
  }
}

/** A server cannot be told to leave categories out: what it named of them alone is no harm under this policy. */
function withoutExcluded(result: ScreenScores, excluded: readonly string[]): ScreenScores {
  if (result.status !== 'scored' || excluded.length === 0) return result;
  const { [ANY_HARM]: harm = 0, ...categories } = result.scores;
  const named = Object.entries(categories).filter(([, score]) => score > 0);
  const onlyExcluded = named.length > 0 && named.every(([label]) => excluded.includes(label));
  return { ...result, scores: { [ANY_HARM]: onlyExcluded ? 0 : harm, ...Object.fromEntries(Object.entries(categories).filter(([label]) => !excluded.includes(label))) } };
}
