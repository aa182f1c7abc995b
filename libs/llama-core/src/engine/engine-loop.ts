import { setImmediate as nextTurn } from 'node:timers/promises';
import { LlamaCoreError } from '../errors.js';
import type { DecoderRunner } from '../runtime/decoder-runner.js';
import { BLOCK_TOKENS, blockKeys } from '../scheduling/block-keys.js';
import { type Chunk, Scheduler, type SchedulerLimits, type Step } from '../scheduling/scheduler.js';
import { deadlineExceeded } from './deadline.js';
import type { Job, Next } from './job.js';

/** Rows of logits that one run gives at most: with a vocabulary of 128,256 tokens they take 33 MB. */
const MAX_LOGIT_ROWS = 64;

/** Runs all jobs of one model, batched: the scheduler says what is next, the runner does it, the jobs take the logits. */
export class EngineLoop {
  private readonly scheduler: Scheduler;
  private readonly jobs = new Map<number, Job>();
  /** Changes that wait for the end of the step under way, which counts on everything staying as it is. */
  private readonly afterStep: Array<() => void> = [];
  private stepping = false;
  private looping = false;
  private lastLoop: Promise<void> = Promise.resolve();

  constructor(
    private readonly runner: DecoderRunner,
    private readonly limits: SchedulerLimits,
  ) {
    this.scheduler = new Scheduler(limits);
  }

  /** What is under way, for tests and measurements. In the middle of a step sequences are being copied from batch to batch. */
  get state() {
    const { heldTokens, cachedBlocks, preemptions } = this.scheduler;
    return { jobs: this.jobs.size, inStep: this.stepping, heldTokens, heldBytes: this.runner.heldBytes, cachedBlocks: cachedBlocks.held, referencedBlocks: cachedBlocks.referenced, preemptions };
  }

  /** @throws LlamaCoreError `overloaded` when too many are waiting, `invalid_request` for an unknown adapter. */
  begin(id: number, job: Job): void {
    if (job.adapter !== undefined) this.runner.useAdapter(id, job.adapter);
    const room = this.scheduler.add({ id, lane: job.lane, length: job.tokens.length, keys: this.keys(job, job.wantFrom) });
    if (!room) {
      this.runner.release(id);
      throw new LlamaCoreError('overloaded', `${this.scheduler.waitingCount} requests are waiting already; try again later.`);
    }
    this.jobs.set(id, job);
    this.wake();
  }

  /** A job that rested has new tokens or a new question. */
  resume(id: number): void {
    this.change(id, (job) => {
      this.runner.truncate(id, job.wantFrom);
      this.scheduler.resize(id, { keep: job.wantFrom, length: job.tokens.length, keys: this.keys(job, job.wantFrom) });
    });
  }

  /** A job that rests has lost its tokens from the `keep`-th on, whatever it is given before the step under way is over. */
  cutBack(id: number, keep: number): void {
    this.change(id, (job) => this.apply(id, job, { kind: 'rest', keep }));
  }

  /** Ends a job with an error, or what it is doing; not when `still` says, after the step under way, that it is over already. */
  fail(id: number, error: unknown, still = () => true): void {
    this.change(id, (job) => { if (still()) this.apply(id, job, job.fail(error)); });
  }

  /** Forgets a job whose caller is gone. */
  cancel(id: number): void {
    this.change(id, (job) => this.apply(id, job, { kind: 'over' }));
  }

  async close(): Promise<void> {
    for (const id of this.jobs.keys()) this.cancel(id);
    await this.lastLoop;
    await this.runner.close();
  }

  private change(id: number, action: (job: Job) => void): void {
    const apply = () => {
      const job = this.jobs.get(id);
      if (job) action(job);
    };
    if (this.stepping) this.afterStep.push(apply);
    else apply();
    this.wake();
  }

  private wake(): void {
    if (this.looping) return;
    this.looping = true;
    this.lastLoop = this.loop();
  }

  private async loop(): Promise<void> {
    for (;;) {
      // Messages of the main thread, such as a cancel, are read between two steps.
      await nextTurn();
      this.expire();
      const step = this.scheduler.next();
      if (!step) break;
      this.stepping = true;
      await this.run(step);
      this.stepping = false;
      for (const apply of this.afterStep.splice(0)) apply();
      this.runner.compact();
    }
    this.looping = false;
  }

  private expire(): void {
    const now = Date.now();
    for (const [id, { expiresAt }] of this.jobs) if (expiresAt !== undefined && expiresAt <= now) this.fail(id, deadlineExceeded());
  }

  private async run(step: Step): Promise<void> {
    for (const id of step.drop) this.runner.release(id);
    if (step.drop.length > 0) this.runner.compact();
    for (const block of step.evict) this.runner.dropBlock(block);
    for (const ids of step.decode) await this.decode(ids).catch((error: unknown) => this.lose(ids, error));
    for (const chunk of step.prefill) await this.prefill(chunk).catch((error: unknown) => this.lose([chunk.id], error));
  }

  private async decode(ids: readonly number[]): Promise<void> {
    const rows = ids.map((id) => ({ id, job: this.jobs.get(id)! }));
    const logits = await this.runner.decode(rows.map(({ id, job }) => ({ id, token: job.tokens.at(-1)! })));
    rows.forEach(({ id, job }, row) => { this.take(id, job, () => this.row(logits, row)); });
  }

  private async prefill({ id, from, count, blocks }: Chunk): Promise<void> {
    const job = this.jobs.get(id)!;
    if (from === blocks.length * BLOCK_TOKENS) job.started(from);
    if (blocks.length > 0) this.runner.startFrom(id, blocks);
    const computed = this.runner.lengthOf(id);
    if (computed !== from) throw new Error(`Sequence ${id} should have ${from} tokens computed, not ${computed}. This is a bug.`);
    const end = from + count;
    for (let at = from; at < end; ) {
      const to = Math.min(end, Math.max(at, job.wantFrom) + MAX_LOGIT_ROWS);
      await this.piece(id, job, { from: at, to });
      at = to;
    }
  }

  private async piece(id: number, job: Job, { from, to }: { from: number; to: number }): Promise<void> {
    const first = Math.min(to, Math.max(from, job.wantFrom));
    const logits = await this.runner.prefill(id, job.tokens.slice(from, to), to - first, job.adapter);
    this.share(id, job);
    const isLast = to === job.tokens.length;
    for (let position = first; position < (isLast ? to - 1 : to); position++) job.accept(position, this.row(logits, position - first));
    if (isLast) this.take(id, job, () => this.row(logits, to - 1 - first));
  }

  /** Hands over the last token's logits, where they are wanted, and does what the job wants next. Its failure is its own. */
  private take(id: number, job: Job, logits: () => Float32Array): void {
    try {
      const last = job.tokens.length - 1;
      if (job.wantFrom <= last) job.accept(last, logits());
      const next = job.proceed();
      if (next.kind === 'over') this.share(id, job);
      this.apply(id, job, next);
    } catch (error) {
      this.lose([id], error);
    }
  }

  private apply(id: number, job: Job, next: Next): void {
    if (next.kind === 'over') this.forget(id);
    else {
      this.runner.truncate(id, next.keep);
      this.scheduler.resize(id, { keep: next.keep, length: job.tokens.length });
      if (next.kind === 'rest') this.scheduler.rest(id);
    }
  }

  private forget(id: number): void {
    this.jobs.delete(id);
    this.scheduler.remove(id);
    this.runner.release(id);
  }

  /** A run failed: what the runner holds of these sequences cannot be trusted. */
  private lose(ids: readonly number[], error: unknown): void {
    for (const id of ids) {
      const job = this.jobs.get(id);
      if (!job) continue;
      this.runner.release(id);
      this.scheduler.resize(id, { keep: 0, length: job.tokens.length });
      this.apply(id, job, job.fail(error));
    }
  }

  /** Puts what others may begin with into the prefix cache. */
  private share(id: number, job: Job): void {
    const computed = Math.min(this.runner.lengthOf(id), job.shared);
    const { store, evict } = this.scheduler.publish(this.keys(job, computed));
    for (const block of evict) this.runner.dropBlock(block);
    for (const { block, from } of store) this.runner.storeBlock(block, { id, from, count: BLOCK_TOKENS });
  }

  private keys(job: Job, count: number): string[] {
    return this.limits.prefixTokens === 0 ? [] : blockKeys(job.tokens.slice(0, count), job.adapter);
  }

  private row(logits: Float32Array, row: number): Float32Array {
    const width = this.runner.vocabularySize;
    return logits.subarray(row * width, (row + 1) * width);
  }
}
