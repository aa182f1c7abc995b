import { setImmediate as nextTurn } from 'node:timers/promises';
import { LlamaCoreError } from '../errors.js';
import type { EncoderOutput, EncoderRow, EncoderRunner } from '../runtime/encoder-runner.js';
import type { Lane } from '../scheduling/scheduled-sequence.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { Classification, ClassifyRequest } from './classifier.js';
import { type BertMarkers, encoderRows, type WindowSizes } from './classifier-windows.js';
import type { Outlet, WorkerService } from './serve-worker.js';

interface Job {
  id: number;
  lane: Lane;
  submittedAt: number;
  startedAt: number | undefined;
  /** Windows that still have to run, each with the number of its text. */
  todo: Array<{ row: EncoderRow; text: number }>;
  running: number;
  texts: Array<{ tokens: number; windows: number; best: Float32Array | undefined; embeddings: Float32Array[] | undefined }>;
}

export interface EncoderBatcherParts {
  runner: EncoderRunner;
  tokenizer: Tokenizer;
  markers: BertMarkers;
  labels: readonly string[];
  multiLabel: boolean;
  maxTokens: number;
  window: WindowSizes;
  maxQueuedWindows: number;
}

/** Padded tokens of one run: large enough to be efficient, small enough that its values stay in the cache and a short text never waits long behind a long one. Online work waits for one run of batch work at most, and that is over sooner. */
const TOKENS_PER_RUN: Readonly<Record<Lane, number>> = { online: 256, batch: 32 };
/** After so many, one run of batch work, or its callers would wait for ever at a busy door. */
const ONLINE_RUNS_IN_A_ROW = 20;

/** Classifies many requests together: every run takes windows from all requests in turn, so a long document does not hold up a short prompt. Batch work runs while there is no online work. */
export class EncoderBatcher implements WorkerService<ClassifyRequest> {
  private readonly jobs = new Map<number, Job>();
  private readonly encoding = new Set<number>();
  private queuedWindows = 0;
  private looping = false;
  /** Runs of online work since the last of batch work. */
  private onlineRuns = 0;

  constructor(
    private readonly parts: EncoderBatcherParts,
    private readonly outlet: Outlet<Classification[]>,
  ) {}

  submit(id: number, request: ClassifyRequest): void {
    this.encoding.add(id);
    this.enqueue(id, request).catch((error: unknown) => this.fail(id, error));
  }

  cancel(id: number): void {
    this.encoding.delete(id);
    this.drop(id);
  }

  async close(): Promise<void> {
    this.jobs.clear();
    await this.parts.runner.close();
  }

  private async enqueue(id: number, { inputs, lane }: ClassifyRequest): Promise<void> {
    const submittedAt = performance.now();
    if (this.queuedWindows >= this.parts.maxQueuedWindows) throw new LlamaCoreError('overloaded', `${this.queuedWindows} windows are waiting already; try again later.`);
    const job: Job = { id, lane, submittedAt, startedAt: undefined, todo: [], running: 0, texts: [] };
    const windows: Array<Job['todo']> = [];
    for (const [text, input] of inputs.entries()) {
      const ids = await this.parts.tokenizer.encodeText(input.text);
      const context = input.context === undefined ? undefined : await this.parts.tokenizer.encodeText(input.context);
      const rows = encoderRows(ids, context, { ...this.parts.markers, maxTokens: this.parts.maxTokens, window: this.parts.window });
      job.texts.push({ tokens: ids.length, windows: rows.length, best: undefined, embeddings: input.embed && this.parts.runner.embeds ? [] : undefined });
      windows.push(rows.map((row) => ({ row, text })));
    }
    // Texts of like length run together, so that little is padding. A text's first window is its longest; the rest stay behind it, in order.
    job.todo = windows.sort(([a], [b]) => a!.row.ids.length - b!.row.ids.length).flat();
    if (!this.encoding.delete(id)) return;
    this.queuedWindows += job.todo.length;
    this.jobs.set(id, job);
    void this.loop();
  }

  private async loop(): Promise<void> {
    if (this.looping) return;
    this.looping = true;
    for (let batch = this.take(); batch.length > 0; batch = this.take()) {
      await this.run(batch).catch((error: unknown) => { for (const { job } of batch) this.fail(job.id, error); });
      // Cancels and new requests are read between two runs.
      await nextTurn();
    }
    this.looping = false;
  }

  /** One window of every request of a lane in turn, oldest first, until the padded batch is full. */
  private take(): Array<{ job: Job; row: EncoderRow; text: number }> {
    const batch: Array<{ job: Job; row: EncoderRow; text: number }> = [];
    const lane = this.nextLane();
    const ready = Array.from(this.jobs.values()).filter((job) => job.lane === lane);
    let width = 0;
    for (let taken = true; taken; ) {
      taken = false;
      for (const job of ready) {
        const next = job.todo[0];
        if (!next) continue;
        const wider = Math.max(width, next.row.ids.length);
        if (batch.length > 0 && wider * (batch.length + 1) > TOKENS_PER_RUN[lane]) continue;
        job.todo.shift();
        batch.push({ job, ...next });
        width = wider;
        taken = true;
      }
    }
    return batch;
  }

  private nextLane(): Lane {
    const waiting = new Set(Array.from(this.jobs.values(), ({ lane, todo }) => (todo.length > 0 ? lane : undefined)));
    const online = waiting.has('online') && !(waiting.has('batch') && this.onlineRuns >= ONLINE_RUNS_IN_A_ROW);
    this.onlineRuns = online ? this.onlineRuns + 1 : 0;
    return online ? 'online' : 'batch';
  }

  private async run(batch: Array<{ job: Job; row: EncoderRow; text: number }>): Promise<void> {
    this.queuedWindows -= batch.length;
    const now = performance.now();
    for (const { job } of batch) {
      job.startedAt ??= now;
      job.running += 1;
    }
    const rows = batch.map(({ row }) => row);
    const wanted = batch.some(({ job, text }) => job.texts[text]!.embeddings !== undefined);
    const outputs = wanted ? await this.parts.runner.embed(rows) : (await this.parts.runner.forward(rows)).map((logits): EncoderOutput => ({ logits }));
    batch.forEach(({ job, text }, i) => {
      const state = job.texts[text]!;
      const { logits, embedding } = outputs[i]!;
      const values = this.probabilities(logits);
      if (embedding) state.embeddings?.push(embedding);
      state.best = state.best ? state.best.map((best, k) => Math.max(best, values[k]!)) : values;
      job.running -= 1;
    });
    for (const job of new Set(batch.map(({ job }) => job))) if (job.todo.length === 0 && job.running === 0 && this.jobs.delete(job.id)) this.finish(job);
  }

  private finish(job: Job): void {
    const startedAt = job.startedAt ?? job.submittedAt;
    const times = { queueMs: startedAt - job.submittedAt, inferenceMs: performance.now() - startedAt };
    this.outlet.event(job.id, job.texts.map(({ tokens, windows, best, embeddings }) => ({ scores: this.named(best!), tokens, tokensScreened: tokens, windows, ...(embeddings ? { embeddings } : {}), ...times })));
    this.outlet.end(job.id);
  }

  private named(values: Float32Array): Record<string, number> {
    return Object.fromEntries(this.parts.labels.map((label, i) => [label, values[i]!]));
  }

  private probabilities(logits: Float32Array): Float32Array {
    if (this.parts.multiLabel) return logits.map((logit) => 1 / (1 + Math.exp(-logit)));
    const max = Math.max(...logits);
    const weights = logits.map((logit) => Math.exp(logit - max));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return weights.map((weight) => weight / total);
  }

  private fail(id: number, error: unknown): void {
    this.encoding.delete(id);
    this.drop(id);
    this.outlet.end(id, error);
  }

  private drop(id: number): void {
    this.queuedWindows -= this.jobs.get(id)?.todo.length ?? 0;
    this.jobs.delete(id);
  }
}
