import type { Lane } from '../scheduling/scheduled-sequence.js';
import { ContinuationRun } from './continuation-run.js';
import type { ScoreResult } from './engine.js';
import type { Job, Next } from './job.js';

export interface ScoringJobParts {
  lane: Lane;
  adapter: string | undefined;
  expiresAt: number | undefined;
  promptIds: readonly number[];
  continuations: ReadonlyArray<readonly number[]>;
  done(result: ScoreResult): void;
  failed(error: unknown): void;
}

/** Scores continuations of one prompt and is over. */
export class ScoringJob implements Job {
  readonly lane: Lane;
  readonly adapter: string | undefined;
  readonly expiresAt: number | undefined;
  private readonly run: ContinuationRun;
  private readonly submittedAt = performance.now();
  private start: { at: number; cachedTokens: number } | undefined;

  constructor(private readonly parts: ScoringJobParts) {
    this.lane = parts.lane;
    this.adapter = parts.adapter;
    this.expiresAt = parts.expiresAt;
    this.run = new ContinuationRun(parts.promptIds, parts.continuations);
  }

  get tokens(): readonly number[] {
    return this.run.tokens;
  }

  get wantFrom(): number {
    return this.run.wantFrom;
  }

  get shared(): number {
    return this.parts.promptIds.length;
  }

  started(cachedTokens: number): void {
    this.start ??= { at: performance.now(), cachedTokens };
  }

  accept(position: number, logits: Float32Array): void {
    this.run.accept(position, logits);
  }

  proceed(): Next {
    const keep = this.run.next();
    if (keep !== undefined) return { kind: 'continue', keep };
    const { at, cachedTokens } = this.start!;
    this.parts.done({ scores: this.run.scores(), promptTokens: this.parts.promptIds.length, cachedTokens, queueMs: at - this.submittedAt, inferenceMs: performance.now() - at });
    return { kind: 'over' };
  }

  fail(error: unknown): Next {
    this.parts.failed(error);
    return { kind: 'over' };
  }
}
