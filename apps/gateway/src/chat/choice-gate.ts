import type { GenerateEvent } from '@sallyport/contracts';
import { type Channel, ChoiceAnswer, partId, type TokenAlternatives } from './answer.js';
import { ChannelGate } from './channel-gate.js';
import type { ChatRun } from './chat-run.js';
import type { ModerationMode } from './chat-turn.js';
import { chunkChoice, type ChunkChoice, type ChunkDelta } from './completion-body.js';
import { needsWholeAnswer } from '../screening/text-hits.js';
import { HoldBack, type HoldBackMode } from './hold-back.js';

/** One choice of a streamed answer and where its chunks go. */
export interface ChoiceGateParts {
  index: number;
  run: ChatRun;
  emit(choice: ChunkChoice): void;
}

/**
 * Releases one choice: each of its texts through a gate of its own, its tool calls as a whole once their arguments passed.
 * A violation in any of them ends the choice with the policy's refusal.
 */
export class ChoiceGate {
  /** Resolves when the choice ended, passed or withheld; rejects when a check could not be made. */
  readonly settled: Promise<void>;
  withheld = false;
  private readonly answer: ChoiceAnswer;
  private readonly channels = new Map<Channel, ChannelGate>();
  private settle!: { resolve(): void; reject(error: unknown): void };
  private opened = false;

  constructor(private readonly parts: ChoiceGateParts) {
    this.answer = new ChoiceAnswer(parts.index);
    this.settled = new Promise((resolve, reject) => { this.settle = { resolve, reject }; });
    this.settled.catch(() => undefined);
  }

  add(event: Exclude<GenerateEvent, { type: 'usage' }>): void {
    if (this.withheld) return;
    this.open();
    this.answer.add(event);
    if (event.type === 'delta') this.channel(event.channel).push(event.text, event.logprobs);
  }

  /** The generator is done: the last checks run, then the rest and the finish reason leave. */
  finish(): void {
    if (this.withheld) return;
    this.open();
    for (const gate of this.channels.values()) gate.finish();
    this.complete().catch((error: unknown) => this.settle.reject(error));
  }

  close(): void {
    for (const gate of this.channels.values()) gate.close();
  }

  private async complete(): Promise<void> {
    const texts = await Promise.all([...this.channels.values()].map((gate) => gate.settled));
    if (this.withheld) return;
    const tools = this.answer.toolParts();
    const passed = texts.every(Boolean) && (tools.length === 0 || (await this.parts.run.screenAnswer(tools, this.mode)));
    if (this.withheld) return;
    if (!passed) return this.withhold();
    if (tools.length > 0) this.emit({ tool_calls: this.answer.toolCalls.map((call, index) => ({ index, ...call })) });
    this.parts.emit(chunkChoice(this.parts.index, {}, this.answer.finishReason));
    this.settle.resolve();
  }

  private withhold(): void {
    if (this.withheld) return;
    this.withheld = true;
    this.close();
    this.open();
    this.parts.emit(chunkChoice(this.parts.index, { refusal: this.parts.run.refusal }, 'content_filter'));
    this.settle.resolve();
  }

  private channel(channel: Channel): ChannelGate {
    const existing = this.channels.get(channel);
    if (existing) return existing;
    const gate = this.newChannel(channel);
    gate.settled.then((passed) => { if (!passed) this.withhold(); }, (error: unknown) => this.settle.reject(error));
    this.channels.set(channel, gate);
    return gate;
  }

  private newChannel(channel: Channel): ChannelGate {
    const { run, index } = this.parts;
    return new ChannelGate({
      hold: new HoldBack({ ...run.parts.policy.document.stream, mode: this.holdBackMode, ...(run.wholeAnswers ? { wholeChars: Number.POSITIVE_INFINITY } : {}) }),
      passes: (check) => run.screenAnswer([{ id: partId(index, channel), text: check.text, partial: !check.final }], this.mode),
      release: (text, logprobs) => this.release(channel, text, logprobs),
      now: () => performance.now(),
    });
  }

  /** A policy that only audits streams records what it would have blocked, as mode `score` does. */
  private get mode(): ModerationMode {
    const { turn, policy } = this.parts.run.parts;
    return policy.document.stream.mode === 'audit' ? 'score' : turn.modes.output;
  }

  private get holdBackMode(): HoldBackMode {
    const { document } = this.parts.run.parts.policy;
    if (this.mode === 'score') return 'audit';
    return needsWholeAnswer(document) ? 'buffer' : document.stream.mode;
  }

  /** Tokens of a text that was redacted would tell what stood there, so they stay. */
  private release(channel: Channel, text: string, logprobs: TokenAlternatives[]): void {
    const redacted = this.parts.run.redactAnswer(text, this.mode);
    this.emit(deltaOf(channel, redacted), redacted === text ? logprobs : []);
  }

  private emit(delta: ChunkDelta, logprobs: TokenAlternatives[] = []): void {
    this.parts.emit(chunkChoice(this.parts.index, delta, null, logprobs));
  }

  /** The first chunk of a choice carries the role, and no text. */
  private open(): void {
    if (this.opened) return;
    this.opened = true;
    this.emit({ role: 'assistant', content: '' });
  }
}

function deltaOf(channel: Channel, text: string): ChunkDelta {
  if (channel === 'reasoning') return { reasoning_content: text };
  return channel === 'refusal' ? { refusal: text } : { content: text };
}
