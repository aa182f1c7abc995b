import type { Lane } from '../scheduling/scheduled-sequence.js';
import type { EngineEvent } from './engine.js';
import type { Generation } from './generation.js';
import type { Job, Next } from './job.js';

export interface GenerationJobParts {
  lane: Lane;
  adapter: string | undefined;
  expiresAt: number | undefined;
  generation: Generation;
  event(event: EngineEvent): void;
  ended(error?: unknown): void;
}

/** Answers one prompt, token by token. */
export class GenerationJob implements Job {
  readonly lane: Lane;
  readonly adapter: string | undefined;
  readonly expiresAt: number | undefined;
  readonly tokens: number[];

  constructor(private readonly parts: GenerationJobParts) {
    this.lane = parts.lane;
    this.adapter = parts.adapter;
    this.expiresAt = parts.expiresAt;
    this.tokens = [...parts.generation.promptIds];
  }

  get wantFrom(): number {
    return this.tokens.length - 1;
  }

  /** The answer too: it comes back as part of the conversation's next prompt. */
  get shared(): number {
    return this.tokens.length;
  }

  started(cachedTokens: number): void {
    const { generation } = this.parts;
    if (generation.startedAt !== undefined) return;
    generation.startedAt = performance.now();
    generation.cachedTokens = cachedTokens;
  }

  accept(_position: number, logits: Float32Array): void {
    const event = this.parts.generation.accept(logits);
    if (event) this.parts.event(event);
  }

  proceed(): Next {
    const { generation, event, ended } = this.parts;
    if (!generation.finished) {
      this.tokens.push(generation.lastToken);
      return { kind: 'continue', keep: this.tokens.length - 1 };
    }
    event(generation.end());
    ended();
    return { kind: 'over' };
  }

  fail(error: unknown): Next {
    this.parts.ended(error);
    return { kind: 'over' };
  }
}
