import { type CallOptions, type IndeterminateReason, PATTERNS, SallyportError, type ScreenKind, type ScreenReply, type ScreenRequest, type ScreenScores, type ScreenSubject, type ServiceClient } from '@sallyport/contracts';
import type { CircuitBreaker } from './circuit-breaker.js';
import type { VerdictCache } from './verdict-cache.js';

/** What a runner needs: the service's client, its breaker and the shared cache. */
export interface ScreenRunnerParts {
  screen: ScreenKind;
  client: ServiceClient;
  breaker: CircuitBreaker;
  cache: VerdictCache;
  /** Called once per result, for the metrics. */
  onResult?: (scores: ScreenScores, cached: boolean) => void;
}

/** What is asked beside the subjects; answers are remembered under it as well. */
export type ScreenQuestion = Omit<ScreenRequest, 'subjects'>;

/** Runs one kind of screen. It always gives one result per subject, in order: scores, or indeterminate with the reason, never an exception for a failed check. */
export class ScreenRunner {
  constructor(private readonly parts: ScreenRunnerParts) {}

  /** Throws only `cancelled`, when the caller's own signal aborted. */
  async run(subjects: ScreenSubject[], options: CallOptions, question: ScreenQuestion = {}): Promise<ScreenScores[]> {
    const known = new Map<string, ScreenScores>();
    for (const subject of subjects) {
      const cached = this.parts.cache.get(this.parts.screen, subject, question);
      if (cached) known.set(subject.id, cached);
    }
    const missing = subjects.filter((subject) => !known.has(subject.id));
    const asked = new Map((await this.ask(missing, options, question)).map((scores) => [scores.subject, scores]));
    return subjects.map((subject) => {
      const scores = known.get(subject.id) ?? asked.get(subject.id) ?? this.indeterminate(subject, 'unparsable');
      this.parts.onResult?.(scores, known.has(subject.id));
      return scores;
    });
  }

  private async ask(subjects: ScreenSubject[], options: CallOptions, question: ScreenQuestion): Promise<ScreenScores[]> {
    if (subjects.length === 0) return [];
    try {
      const request: ScreenRequest = { subjects, ...question };
      const reply = await this.parts.breaker.run(() => this.parts.client.call<ScreenReply>(PATTERNS.screen, request, options));
      return this.accept(subjects, reply, question);
    } catch (error) {
      if (options.signal?.aborted) throw new SallyportError('cancelled', 'The client closed the request.');
      const reason = reasonOf(SallyportError.from(error));
      return subjects.map((subject) => this.indeterminate(subject, reason));
    }
  }

  /** Takes only well-formed results of subjects that were asked for; whatever is missing stays indeterminate. */
  private accept(subjects: ScreenSubject[], reply: ScreenReply, question: ScreenQuestion): ScreenScores[] {
    const byId = new Map(subjects.map((subject) => [subject.id, subject]));
    const results = Array.isArray(reply?.results) ? reply.results : [];
    return results.flatMap((scores) => {
      const subject = byId.get(scores.subject);
      if (!subject) return [];
      if (!wellFormed(scores)) return [this.indeterminate(subject, 'unparsable')];
      this.parts.cache.set(subject, scores, question);
      return [scores];
    });
  }

  private indeterminate(subject: ScreenSubject, reason: IndeterminateReason): ScreenScores {
    return {
      subject: subject.id,
      direction: subject.direction,
      screen: this.parts.screen,
      model: 'none',
      status: 'indeterminate',
      reason,
      scores: {},
      coverage: { tokens: 0, tokensScreened: 0, windows: 0 },
      queueMs: 0,
      inferenceMs: 0,
    };
  }
}

function wellFormed(scores: ScreenScores): boolean {
  if (scores.status === 'indeterminate') return true;
  const values = Object.values(scores.scores ?? {});
  return scores.status === 'scored' && values.length > 0 && values.every((score) => Number.isFinite(score) && score >= 0 && score <= 1);
}

function reasonOf(error: SallyportError): IndeterminateReason {
  if (error.code === 'deadline_exceeded') return 'timeout';
  if (error.code === 'overloaded' || error.code === 'rate_limited') return 'overloaded';
  if (error.code === 'service_unavailable' || error.code === 'guard_unavailable' || error.code === 'worker_lost') return 'unavailable';
  return 'error';
}
