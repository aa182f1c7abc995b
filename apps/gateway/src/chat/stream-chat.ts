import type { GenerateEvent } from '@sallyport/contracts';
import { AsyncQueue } from './async-queue.js';
import { type ChatRun, generationError } from './chat-run.js';
import { ChoiceGate } from './choice-gate.js';
import { chunkBody, chunkChoice, type ChunkChoice, usageBody } from './completion-body.js';
import type { GenerationUsage } from './answer.js';

/** One `chat.completion.chunk`. */
export type ChatChunk = ReturnType<typeof chunkBody>;

const NO_USAGE: GenerationUsage = { promptTokens: 0, completionTokens: 0, queueMs: 0, inferenceMs: 0 };

/**
 * Answers a turn as chunks. The first one comes only after the prompt passed and the generator gave a sign of life,
 * so that every failure before it is still a plain HTTP error. Leaving the loop cancels generation and screening.
 */
export async function* streamChat(run: ChatRun): AsyncGenerator<ChatChunk> {
  try {
    const events = run.startGeneration();
    if (await run.screenPrompt()) yield* new StreamedAnswer(run).chunks(events);
    else yield* withheldChunks(run);
  } finally {
    run.abort();
  }
}

function* withheldChunks(run: ChatRun): Generator<ChatChunk> {
  const count = run.parts.turn.generate.n ?? 1;
  for (let index = 0; index < count; index += 1) {
    yield chunkBody(run.identity, [chunkChoice(index, { role: 'assistant', content: '' })]);
    yield chunkBody(run.identity, [chunkChoice(index, { refusal: run.refusal }, 'content_filter')], index === count - 1 ? unaskedReport(run, NO_USAGE) : {});
  }
  yield* closingChunks(run, NO_USAGE);
}

/** Many clients read `choices[0]` of every chunk, so who did not ask for the moderation chunk gets the report on the last chunk that has a choice. */
function unaskedReport(run: ChatRun, usage: GenerationUsage): Record<string, unknown> {
  return run.parts.turn.moderationModel === undefined ? run.report.body(usage) : {};
}

function* closingChunks(run: ChatRun, usage: GenerationUsage): Generator<ChatChunk> {
  if (run.parts.turn.moderationModel !== undefined) yield chunkBody(run.identity, [], run.report.body(usage));
  if (run.parts.turn.includeUsage) yield chunkBody(run.identity, [], { usage: usageBody(usage) });
}

/** A generation on its way to the client through one gate per choice. */
class StreamedAnswer {
  private readonly out = new AsyncQueue<ChatChunk>();
  private readonly gates: ChoiceGate[];
  private usage = NO_USAGE;
  private unfinished: number;

  constructor(private readonly run: ChatRun) {
    this.unfinished = run.parts.turn.generate.n ?? 1;
    this.gates = Array.from({ length: this.unfinished }, (_, index) => new ChoiceGate({ index, run, emit: (choice) => this.emit(choice) }));
  }

  async *chunks(events: AsyncQueue<GenerateEvent>): AsyncGenerator<ChatChunk> {
    const settled = Promise.all(this.gates.map((gate) => gate.settled));
    settled.then(() => this.out.end(), (error: unknown) => this.out.fail(error));
    this.consume(events).catch((error: unknown) => this.out.fail(error));
    try {
      yield* this.out;
      yield* closingChunks(this.run, this.usage);
    } finally {
      for (const gate of this.gates) gate.close();
    }
  }

  private emit(choice: ChunkChoice): void {
    if (choice.finish_reason !== null) this.unfinished -= 1;
    const last = choice.finish_reason !== null && this.unfinished === 0;
    this.out.push(chunkBody(this.run.identity, [choice], last ? unaskedReport(this.run, this.usage) : {}));
  }

  /** Feeds the gates until the generator ends, or until every choice is withheld and nothing more is wanted. */
  private async consume(events: AsyncQueue<GenerateEvent>): Promise<void> {
    try {
      for await (const event of events) {
        if (event.type === 'usage') this.usage = event;
        else this.gates[event.index]?.add(event);
        if (this.gates.every((gate) => gate.withheld)) return this.run.abort();
      }
    } catch (error) {
      throw generationError(error);
    }
    for (const gate of this.gates) gate.finish();
  }
}
