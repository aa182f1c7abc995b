import { BLOCK_TOKENS, blockKeys } from './block-keys.js';
import { Scheduler, type SchedulerLimits, type Step } from './scheduler.js';

export interface ModelRequest {
  prompt: number;
  fresh: number;
  family: number;
  lane: 'online' | 'batch';
  /** Rests and is asked again once, instead of being over. */
  session: boolean;
  arrival: number;
  cancelAfter: number | undefined;
}

interface Live {
  tokens: number[];
  left: number;
  questions: number;
  request: ModelRequest;
  begun: number;
}

/** A runner without a model: its memory holds the tokens themselves, so that a step that relies on anything not there is noticed at once. */
export class SchedulerModel {
  readonly scheduler: Scheduler;
  readonly live = new Map<number, Live>();
  private readonly memory = new Map<number, number[]>();
  private readonly blocks = new Map<number, number[]>();

  constructor(private readonly limits: SchedulerLimits) {
    this.scheduler = new Scheduler(limits);
  }

  get heldTokens(): number {
    return [...this.memory.values(), ...this.blocks.values()].reduce((sum, tokens) => sum + tokens.length, 0);
  }

  add(id: number, request: ModelRequest, step: number): void {
    const tokens = Array.from({ length: request.prompt }, (_, i) => (i < 100 ? request.family * 1000 + i : id * 1000 + i));
    if (!this.scheduler.add({ id, lane: request.lane, length: tokens.length, keys: blockKeys(tokens) })) throw new Error('The queue should have had room.');
    this.live.set(id, { tokens, left: request.fresh, questions: request.session ? 1 : 0, request, begun: step });
  }

  remove(id: number): void {
    this.live.delete(id);
    this.memory.delete(id);
    this.scheduler.remove(id);
  }

  perform(step: Step): void {
    for (const id of step.drop) this.memory.delete(id);
    for (const block of step.evict) if (!this.blocks.delete(block)) throw new Error('Evicted a block that is not there.');
    if (step.decode.length + step.prefill.length === 0) throw new Error('A step without work.');
    for (const id of step.decode.flat()) this.compute(id, this.memory.get(id)!.length, 1);
    for (const { id, from, count, blocks } of step.prefill) {
      if (blocks.length > 0) this.memory.set(id, blocks.flatMap((block) => this.blocks.get(block)!));
      this.compute(id, from, count);
    }
    if (this.heldTokens > this.limits.kvTokens) throw new Error(`${this.heldTokens} tokens in memory, ${this.limits.kvTokens} fit.`);
    if (this.scheduler.runningCount > this.limits.maxRunning) throw new Error('Too many are running.');
  }

  private compute(id: number, from: number, count: number): void {
    const { tokens } = this.live.get(id)!;
    const held = this.memory.get(id) ?? [];
    if (count < 1 || held.length !== from || held.some((token, i) => token !== tokens[i])) throw new Error(`Sequence ${id} has other tokens in memory than it should.`);
    this.memory.set(id, tokens.slice(0, from + count));
    this.publish(id);
    if (from + count === tokens.length) this.proceed(id);
  }

  private publish(id: number): void {
    const held = this.memory.get(id)!;
    const { store, evict } = this.scheduler.publish(blockKeys(held));
    for (const block of evict) this.blocks.delete(block);
    for (const { block, from } of store) this.blocks.set(block, held.slice(from, from + BLOCK_TOKENS));
  }

  private proceed(id: number): void {
    const live = this.live.get(id)!;
    live.left -= 1;
    if (live.left > 0) {
      live.tokens.push(id * 1000 + 500 + live.left);
      this.scheduler.resize(id, { keep: live.tokens.length - 1, length: live.tokens.length });
    } else if (live.questions > 0) this.rest(id, live);
    else this.remove(id);
  }

  /** Goes back to the prompt, as a session does after a question, and rests. */
  private rest(id: number, live: Live): void {
    const keep = live.request.prompt;
    live.tokens.length = keep;
    this.memory.get(id)!.length = Math.min(keep, this.memory.get(id)!.length);
    this.scheduler.resize(id, { keep, length: keep });
    this.scheduler.rest(id);
  }

  /** Asks a resting sequence its next question. */
  ask(id: number): void {
    const live = this.live.get(id)!;
    live.questions -= 1;
    live.left = 2;
    live.tokens.push(7, 8, 9);
    this.scheduler.resize(id, { keep: live.request.prompt, length: live.tokens.length, keys: blockKeys(live.tokens) });
  }
}

/** Runs requests that arrive and are cancelled at their steps. Returns the numbers of those that never ended. */
export function run(model: SchedulerModel, requests: readonly ModelRequest[]): number[] {
  for (let at = 0; at < 5_000; at++) {
    requests.forEach((request, id) => { if (request.arrival === at) model.add(id, request, at); });
    for (const [id, live] of [...model.live]) if (live.request.cancelAfter !== undefined && at - live.begun >= live.request.cancelAfter) model.remove(id);
    for (const [id, live] of model.live) if (live.left === 0 && at % 3 === 0) model.ask(id);
    const step = model.scheduler.next();
    if (step) model.perform(step);
    else if (at > 30 && model.live.size === 0) break;
  }
  return [...model.live.keys()];
}
