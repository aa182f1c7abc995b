import type { GenerateEvent, TokenLogprob, ToolCall } from '@sallyport/contracts';

type DeltaEvent = Extract<GenerateEvent, { type: 'delta' }>;
/** A generated token with its alternatives. */
export type TokenAlternatives = TokenLogprob & { top: TokenLogprob[] };
/** Parts of a message that grow as text. */
export type Channel = DeltaEvent['channel'];
export type FinishReason = Extract<GenerateEvent, { type: 'finish' }>['reason'];

/** One text of an answer that has to be screened, under its path in the response. */
export interface AnswerPart {
  id: string;
  text: string;
  /** A piece of a text that is still growing. */
  partial?: boolean;
}

/** One choice as the generator made it; none of it may leave before it was screened. */
export class ChoiceAnswer {
  readonly texts: Record<Channel, string> = { content: '', reasoning: '', refusal: '' };
  readonly logprobs: TokenAlternatives[] = [];
  readonly toolCalls: ToolCall[] = [];
  finishReason: FinishReason = 'stop';

  constructor(readonly index: number) {}

  add(event: GenerateEvent): void {
    if (event.type === 'delta') this.addText(event);
    if (event.type === 'tool_call') this.addToolCall(event);
    if (event.type === 'finish') this.finishReason = event.reason;
  }

  /** Every text of the choice, named by its path. */
  parts(): AnswerPart[] {
    const texts = (Object.keys(this.texts) as Channel[]).map((channel) => ({ id: partId(this.index, channel), text: this.texts[channel] }));
    return [...texts, ...this.toolParts()].filter((part) => part.text !== '');
  }

  /** Puts other texts in place. Tokens of a text that changed would tell what stood there, so they go. */
  replaceTexts(replace: (text: string) => string): void {
    for (const channel of Object.keys(this.texts) as Channel[]) {
      const text = replace(this.texts[channel]);
      if (channel === 'content' && text !== this.texts.content) this.logprobs.length = 0;
      this.texts[channel] = text;
    }
  }

  /** Names and arguments of the tool calls: an argument can carry harm as well as prose can. */
  toolParts(): AnswerPart[] {
    return this.toolCalls.map((call, at) => ({ id: `choices.${this.index}.message.tool_calls.${at}.function`, text: `${call.function.name}\n${call.function.arguments}` }));
  }

  private addText(event: DeltaEvent): void {
    this.texts[event.channel] += event.text;
    if (event.channel === 'content') this.logprobs.push(...(event.logprobs ?? []));
  }

  private addToolCall(event: Extract<GenerateEvent, { type: 'tool_call' }>): void {
    const call = this.toolCalls[event.callIndex] ?? { id: `call_${this.index}_${event.callIndex}`, type: 'function', function: { name: '', arguments: '' } };
    this.toolCalls[event.callIndex] = call;
    if (event.id) call.id = event.id;
    if (event.name) call.function.name = event.name;
    call.function.arguments += event.argumentsText;
  }
}

/** Path of a text channel in the response body. */
export function partId(index: number, channel: Channel): string {
  return `choices.${index}.message.${channel === 'reasoning' ? 'reasoning_content' : channel}`;
}

/** Tokens and times of a generation, zero where the generator did not say. */
export interface GenerationUsage {
  promptTokens: number;
  completionTokens: number;
  queueMs: number;
  inferenceMs: number;
}

/** The whole answer: `n` choices and the usage. */
export class Answer {
  readonly choices: ChoiceAnswer[];
  usage: GenerationUsage = { promptTokens: 0, completionTokens: 0, queueMs: 0, inferenceMs: 0 };

  constructor(n: number) {
    this.choices = Array.from({ length: n }, (_, index) => new ChoiceAnswer(index));
  }

  add(event: GenerateEvent): void {
    if (event.type === 'usage') this.usage = event;
    else this.choices[event.index]?.add(event);
  }
}
