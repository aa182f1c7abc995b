import type { TemplateMessage } from '../chat-template/chat-template.js';
import { LlamaCoreError } from '../errors.js';
import type { JsonSchema } from '../sampling/constraint/schema-grammar.js';
import type { Lane } from '../scheduling/scheduled-sequence.js';

export type { Lane };

/** What is to be continued: a conversation through the model's template, plain text, or token ids. */
export type Prompt = { messages: TemplateMessage[] } | { text: string } | { tokenIds: number[] };

/** What may follow a prompt: text (control tokens spelled in it stay plain text) or token ids. */
export type Continuation = string | readonly number[];

/** How a request is to be served, whatever it asks for. */
export interface ServiceOptions {
  /** Default: online. */
  lane?: Lane;
  /** Milliseconds after which the request ends with `deadline_exceeded`, wherever it is by then. */
  deadlineMs?: number;
  /** Name of a LoRA adapter that the engine was opened with; absent: the plain model. */
  adapter?: string;
}

/** One generation. Absent sampling fields are off; `temperature` 0 (the default) is greedy. */
export interface EngineRequest extends ServiceOptions {
  prompt: Prompt;
  /** Most tokens of the answer; default 1,024, never more than the context leaves. */
  maxTokens?: number;
  temperature?: number;
  topP?: number;
  topK?: number;
  minP?: number;
  /** Locally typical sampling. */
  typicalP?: number;
  repetitionPenalty?: number;
  frequencyPenalty?: number;
  presencePenalty?: number;
  /** Token id → −100 to 100, added to the token's logit after the penalties; −100 forbids, 100 all but forces. */
  logitBias?: Record<number, number>;
  /** Equal seed, request and model give an equal answer; absent: another one each time. */
  seed?: number;
  /** Texts that end the answer, which is cut before them. */
  stop?: string[];
  /** What the answer's text has to be; absent: anything. An answer that ends with `stop`, and not at a stop string, is whole and valid. */
  responseFormat?: ResponseFormat;
  /** Alternatives to report per token; absent: no log-probabilities at all. */
  topLogprobs?: number;
  /** Go on after the end-of-text token (for measurements). */
  ignoreEos?: boolean;
}

/** Any JSON object, or the JSON values of a schema. */
export type ResponseFormat = { type: 'json_object' } | { type: 'json_schema'; schema: JsonSchema };

/** A token that could have come, with its bytes (which need not be whole characters). */
export interface TokenAlternative {
  id: number;
  bytes: number[];
  /** Natural logarithm of the probability in the model's own distribution: before temperature, penalties, bias and response format. */
  logprob: number;
}

/** One generated token. */
export interface Token {
  id: number;
  bytes: number[];
  logprob?: number;
  top?: TokenAlternative[];
}

/** `stop`: the model ended its answer, or a stop string came. `length`: the tokens ran out. */
export type FinishReason = 'stop' | 'length';

/** Text with the tokens that it completes, or the end. */
export type EngineEvent =
  | { type: 'text'; text: string; tokens: Token[] }
  | { type: 'end'; reason: FinishReason; promptTokens: number; /** Prompt tokens that were not computed again. */ cachedTokens: number; completionTokens: number; queueMs: number; inferenceMs: number };

/** Continuations whose probability after a prompt is wanted; the prompt is computed once. Single ids give the distribution of the next token over them. */
export interface ScoreRequest extends ServiceOptions {
  prompt: Prompt;
  continuations: readonly Continuation[];
}

/** Natural logarithms of the probability of a continuation's tokens, each given all before it. */
export interface ContinuationScore {
  tokenIds: number[];
  logprobs: number[];
  /** Their sum. */
  logprob: number;
}

/** One score per continuation, in order. */
export interface ScoreResult {
  scores: ContinuationScore[];
  promptTokens: number;
  cachedTokens: number;
  queueMs: number;
  inferenceMs: number;
}

/** `deadlineMs` holds for the opening. */
export interface SessionRequest extends ServiceOptions {
  prompt: Prompt;
}

/** A prefix kept in memory that is extended, asked about and rolled back. Calls on one session run in the order they are made. */
export interface EngineSession {
  /** Tokens held, after the last call that has ended. */
  readonly length: number;
  /** Adds to the end; computed with the next question, so that several appends cost one run. Returns the new length. @throws LlamaCoreError `context_length_exceeded`, and then nothing is added. */
  append(continuation: Continuation): Promise<number>;
  /** Log-probability of each token id as the next token. */
  logprobs(tokenIds: readonly number[], options?: QuestionOptions): Promise<number[]>;
  /** Scores of continuations of what the session holds, which stays as it is. */
  score(continuations: readonly Continuation[], options?: QuestionOptions): Promise<ContinuationScore[]>;
  /** Forgets the tokens after the first `length`. */
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
}

export interface QuestionOptions {
  signal?: AbortSignal | undefined;
  deadlineMs?: number | undefined;
}

/** What an engine is; sizes in tokens. */
export interface EngineDescription {
  /** Longest prompt and answer together, in tokens. */
  contextTokens: number;
  vocabularySize: number;
  /** sha256 of the model's files. */
  /** Empty where an engine cannot know. */
  sha256: string;
  hasChatTemplate: boolean;
  /** What this engine refuses with `unsupported_feature`, or cannot tell; absent: nothing. */
  unsupported?: readonly EngineFeature[];
}

/**
 * `score`, `session`: the calls. `scoreMessages`: scores after a conversation. `tokens`: token ids in events, and tokens without log-probabilities. `logprobs`: of generated tokens.
 * `responseFormat`, `logitBias`, `adapter`: the request's fields.
 */
export type EngineFeature = 'score' | 'session' | 'scoreMessages' | 'tokens' | 'logprobs' | 'responseFormat' | 'logitBias' | 'adapter';

/** A text generator, wherever it runs. */
export interface Engine {
  describe(): EngineDescription;
  /** Streams an answer. Aborting the signal or leaving the loop stops the work. @throws LlamaCoreError */
  generate(request: EngineRequest, signal?: AbortSignal): AsyncIterable<EngineEvent>;
  /** Log-probabilities of continuations of one prompt. @throws LlamaCoreError */
  score(request: ScoreRequest, signal?: AbortSignal): Promise<ScoreResult>;
  /** Computes a prefix and keeps it. Aborting the signal closes the session. @throws LlamaCoreError */
  session(request: SessionRequest, signal?: AbortSignal): Promise<EngineSession>;
  close(): Promise<void>;
}

const RANGES: Array<[keyof EngineRequest, number, number]> = [
  ['maxTokens', 1, Number.MAX_SAFE_INTEGER],
  ['temperature', 0, 100],
  ['topP', 0, 1],
  ['topK', 0, Number.MAX_SAFE_INTEGER],
  ['minP', 0, 1],
  ['typicalP', 0, 1],
  ['repetitionPenalty', 0.01, 100],
  ['frequencyPenalty', -100, 100],
  ['presencePenalty', -100, 100],
  ['topLogprobs', 0, 100],
];

/** @throws LlamaCoreError `invalid_request` naming the field. */
export function validateRequest(request: EngineRequest): void {
  validateService(request);
  for (const [field, least, most] of RANGES) {
    const value = request[field];
    if (value !== undefined && !(typeof value === 'number' && value >= least && value <= most)) throw new LlamaCoreError('invalid_request', `${field}: expected a number from ${least} to ${most}.`, { param: field });
  }
  if (request.stop?.some((stop) => stop === '')) throw new LlamaCoreError('invalid_request', 'stop: an empty string would stop at once.', { param: 'stop' });
  for (const [id, bias] of Object.entries(request.logitBias ?? {}))
    if (!/^\d+$/.test(id) || !(typeof bias === 'number' && Math.abs(bias) <= 100)) throw new LlamaCoreError('invalid_request', 'logitBias: expected token ids with numbers from -100 to 100.', { param: 'logitBias' });
}

/** @throws LlamaCoreError `invalid_request` naming the field. */
export function validateService({ lane, deadlineMs }: ServiceOptions): void {
  if (lane !== undefined && lane !== 'online' && lane !== 'batch') throw new LlamaCoreError('invalid_request', "lane: expected 'online' or 'batch'.", { param: 'lane' });
  if (deadlineMs !== undefined && !(deadlineMs >= 0)) throw new LlamaCoreError('invalid_request', 'deadlineMs: expected a number of milliseconds.', { param: 'deadlineMs' });
}
