import type { Lane } from '../scheduling/scheduled-sequence.js';
import { ContinuationRun } from './continuation-run.js';
import type { ContinuationScore } from './engine.js';
import type { Job, Next } from './job.js';

export interface SessionJobParts {
  lane: Lane;
  adapter: string | undefined;
  /** For the opening. */
  expiresAt: number | undefined;
  promptIds: readonly number[];
  opened(): void;
  failed(error: unknown): void;
}

/** One question about what a session holds. */
export interface Question {
  continuations: ReadonlyArray<readonly number[]>;
  expiresAt: number | undefined;
  answered(scores: ContinuationScore[]): void;
  failed(error: unknown): void;
}

/** A prefix that stays: computed once, then asked one question at a time, each of which leaves it as it was. */
export class SessionJob implements Job {
  readonly lane: Lane;
  readonly adapter: string | undefined;
  private readonly held: number[];
  private open = false;
  private asked: { question: Question; run: ContinuationRun } | undefined;

  constructor(private readonly parts: SessionJobParts) {
    this.lane = parts.lane;
    this.adapter = parts.adapter;
    this.held = [...parts.promptIds];
  }

  get length(): number {
    return this.held.length;
  }

  get expiresAt(): number | undefined {
    return this.open ? this.asked?.question.expiresAt : this.parts.expiresAt;
  }

  get tokens(): readonly number[] {
    return this.asked?.run.tokens ?? this.held;
  }

  get wantFrom(): number {
    return this.asked?.run.wantFrom ?? this.held.length;
  }

  /** What it was opened with; what is appended later is nobody else's. */
  get shared(): number {
    return Math.min(this.parts.promptIds.length, this.held.length);
  }

  append(ids: readonly number[]): void {
    this.held.push(...ids);
  }

  truncate(length: number): void {
    this.held.length = Math.min(this.held.length, length);
  }

  ask(question: Question): void {
    this.asked = { question, run: new ContinuationRun(this.held, question.continuations) };
  }

  isAsked(question: Question): boolean {
    return this.asked?.question === question;
  }

  started(): void {}

  accept(position: number, logits: Float32Array): void {
    this.asked?.run.accept(position, logits);
  }

  proceed(): Next {
    const keep = this.asked?.run.next();
    if (keep !== undefined) return { kind: 'continue', keep };
    const { asked } = this;
    this.asked = undefined;
    if (asked) asked.question.answered(asked.run.scores());
    else this.parts.opened();
    this.open = true;
    return { kind: 'rest', keep: this.held.length };
  }

  /** A question that fails leaves the session; an opening that fails leaves none. */
  fail(error: unknown): Next {
    const { asked } = this;
    this.asked = undefined;
    if (!asked) {
      this.parts.failed(error);
      return { kind: 'over' };
    }
    asked.question.failed(error);
    return { kind: 'rest', keep: this.held.length };
  }
}
