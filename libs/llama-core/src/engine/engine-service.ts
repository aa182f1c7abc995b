import { LlamaCoreError } from '../errors.js';
import type { DecoderRunner } from '../runtime/decoder-runner.js';
import type { SchedulerLimits } from '../scheduling/scheduler.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { ScoreResult, ServiceOptions } from './engine.js';
import { EngineLoop } from './engine-loop.js';
import type { EngineMessage, EngineReply, SessionMessage } from './engine-messages.js';
import { Generation } from './generation.js';
import { GenerationJob } from './generation-job.js';
import type { Job } from './job.js';
import type { PromptEncoder } from './prompt-encoder.js';
import { ScoringJob } from './scoring-job.js';
import { SessionJob } from './session-job.js';
import type { Outlet, WorkerService } from './serve-worker.js';
import { sessionClosed, WorkerSession } from './worker-session.js';

export interface EngineServiceParts {
  runner: DecoderRunner;
  tokenizer: Tokenizer;
  encoder: PromptEncoder;
  eosTokenIds: ReadonlySet<number>;
  limits: SchedulerLimits;
  /** Sessions open at the same time. */
  maxSessions: number;
}

const DEFAULT_MAX_TOKENS = 1024;
type Of<Kind extends EngineMessage['kind']> = Extract<EngineMessage, { kind: Kind }>;

/** Takes the requests of one engine, has them encoded and run, and reports. */
export class EngineService implements WorkerService<EngineMessage> {
  readonly loop: EngineLoop;
  /** Requests whose caller still waits, with what stops them once they run. */
  private readonly open = new Map<number, (error: unknown) => void>();
  private readonly sessions = new Map<number, WorkerSession>();
  private encoding = 0;

  constructor(
    private readonly parts: EngineServiceParts,
    private readonly outlet: Outlet<EngineReply>,
  ) {
    this.loop = new EngineLoop(parts.runner, parts.limits);
  }

  submit(id: number, message: EngineMessage): void {
    this.open.set(id, () => undefined);
    this.start(id, message).catch((error: unknown) => this.end(id, error));
  }

  cancel(id: number): void {
    const stop = this.open.get(id);
    this.open.delete(id);
    stop?.(cancelled());
  }

  close(): Promise<void> {
    return this.loop.close();
  }

  private async start(id: number, message: EngineMessage): Promise<void> {
    if (!('request' in message)) return this.call(id, message);
    const { maxRunning, maxWaiting } = this.parts.limits;
    if (this.encoding >= maxRunning + maxWaiting) throw new LlamaCoreError('overloaded', `${this.encoding} requests are waiting already; try again later.`);
    // Requests that are being encoded wait too, hence the bound on them.
    this.encoding += 1;
    const job = await this.jobOf(id, message).finally(() => { this.encoding -= 1; });
    if (!this.open.has(id)) return;
    this.loop.begin(id, job);
    this.open.set(id, () => this.stop(id));
  }

  private jobOf(id: number, message: Exclude<EngineMessage, SessionMessage>): Promise<Job> {
    if (message.kind === 'generate') return this.generation(id, message);
    return message.kind === 'score' ? this.scoring(id, message) : this.session(id, message);
  }

  private async generation(id: number, message: Of<'generate'>): Promise<Job> {
    const { runner, encoder, tokenizer, eosTokenIds } = this.parts;
    const { request } = message;
    const promptIds = await encoder.prompt(request.prompt, 1);
    const maxTokens = Math.min(request.maxTokens ?? DEFAULT_MAX_TOKENS, runner.maxTokens - promptIds.length);
    const generation = new Generation({ request, promptIds, maxTokens, tokenizer, eosTokenIds });
    return new GenerationJob({ ...serviceOf(message), generation, event: (event) => this.outlet.event(id, event), ended: (error) => this.end(id, error) });
  }

  private async scoring(id: number, message: Of<'score'>): Promise<Job> {
    const { encoder } = this.parts;
    const promptIds = await encoder.prompt(message.request.prompt, 0);
    const continuations = await encoder.continuations(message.request.continuations, promptIds.length);
    const done = (result: ScoreResult) => {
      this.outlet.event(id, { type: 'scored', result });
      this.end(id);
    };
    return new ScoringJob({ ...serviceOf(message), promptIds, continuations, done, failed: (error) => this.end(id, error) });
  }

  private async session(id: number, message: Of<'session'>): Promise<Job> {
    const { encoder, maxSessions } = this.parts;
    if (this.sessions.size >= maxSessions) throw new LlamaCoreError('overloaded', `${this.sessions.size} sessions are open already; close one or try again later.`);
    const promptIds = await encoder.prompt(message.request.prompt, 0);
    const opened = () => {
      if (!this.open.has(id)) return;
      this.sessions.set(id, new WorkerSession({ id, job, loop: this.loop, encoder }));
      this.outlet.event(id, { type: 'session', session: id, length: promptIds.length });
    };
    const failed = (error: unknown) => {
      this.sessions.delete(id);
      this.end(id, error);
    };
    const job = new SessionJob({ ...serviceOf(message), promptIds, opened, failed });
    return job;
  }

  private async call(id: number, message: SessionMessage): Promise<void> {
    const session = this.sessions.get(message.session);
    if (!session) throw sessionClosed();
    const reply = await session.call(() => this.perform(id, session, message));
    if (this.open.has(id)) this.outlet.event(id, reply);
    this.end(id);
  }

  private async perform(id: number, session: WorkerSession, message: SessionMessage): Promise<EngineReply> {
    if (!this.open.has(id)) throw cancelled();
    if (message.kind === 'ask') {
      const begun = (stop: (error: unknown) => void) => {
        if (this.open.has(id)) this.open.set(id, stop);
        else stop(cancelled());
      };
      return { type: 'answer', scores: await session.ask(message, begun) };
    }
    await (message.kind === 'append' ? session.append(message) : session.truncate(message));
    return { type: 'session', session: message.session, length: session.length };
  }

  private stop(id: number): void {
    const session = this.sessions.get(id);
    this.sessions.delete(id);
    if (session) session.close();
    else this.loop.cancel(id);
  }

  private end(id: number, error?: unknown): void {
    if (this.open.delete(id)) this.outlet.end(id, error);
  }
}

const cancelled = () => new LlamaCoreError('cancelled', 'The request was cancelled by its caller.');

const serviceOf = ({ request, expiresAt }: { request: ServiceOptions; expiresAt?: number }) => ({ lane: request.lane ?? ('online' as const), adapter: request.adapter, expiresAt });
