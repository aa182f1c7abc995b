import { setMaxListeners } from 'node:events';
import { type ErrorCode, type GenerateEvent, PATTERNS, type PolicyVersion, SallyportError, type ServiceClient } from '@sallyport/contracts';
import type { PlannedText } from '@sallyport/policy';
import type { ScreeningOutcome, ScreeningService } from '../screening/screening.service.js';
import type { AnswerPart } from './answer.js';
import { type AsyncQueue, readAhead } from './async-queue.js';
import type { ChatTurn, ModerationMode } from './chat-turn.js';
import { type CompletionIdentity, newIdentity } from './completion-body.js';
import { redactedMessages, withoutPersonalData } from '../screening/personal-data.js';
import { requireVerdict } from '../screening/unavailable.js';
import { TurnReport } from './turn-report.js';

/** What a turn needs from outside. */
export interface ChatRunParts {
  turn: ChatTurn;
  policy: PolicyVersion;
  requestId: string;
  /** Aborts when the client goes away. */
  clientSignal: AbortSignal;
  /** Languages of the reader, best first. */
  languages?: readonly string[];
  generator: ServiceClient;
  screening: ScreeningService;
  screenDeadlineMs: number;
  generateDeadlineMs: number;
  /** Whether checks of a growing answer read it from its beginning; default: false. */
  wholeAnswers?: Promise<boolean>;
}

const CALLER_FAULTS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['invalid_request', 'context_length_exceeded', 'model_not_found', 'unsupported_feature']);
/** A new one each time: whoever races against a shared promise stays in its memory for ever. */
const never = (): Promise<never> => new Promise(() => undefined);

/**
 * One chat turn under way: its generation, its screens and its report.
 * The generator starts while the prompt is still being screened, and is stopped through `abort` when the prompt is blocked.
 */
export class ChatRun {
  readonly identity: CompletionIdentity;
  readonly report: TurnReport;
  /** Known once the prompt is screened. */
  wholeAnswers = false;
  private readonly stopped = new AbortController();
  private readonly signal: AbortSignal;
  /** Rejects once the generator refused the request itself. */
  private refused = never();

  constructor(readonly parts: ChatRunParts) {
    this.identity = newIdentity(parts.turn.model);
    this.report = new TurnReport({ requestId: parts.requestId, policy: parts.policy, unscreened: parts.turn.unscreened, ...(parts.languages ? { languages: parts.languages } : {}) });
    this.signal = AbortSignal.any([parts.clientSignal, this.stopped.signal]);
    // The generation and every check of the turn listen to it.
    setMaxListeners(0, this.signal);
  }

  get refusal(): string {
    return this.report.refusal();
  }

  /** Stops the generation and every check that is still running. */
  abort(): void {
    this.stopped.abort();
  }

  /** Starts the generation at once; nothing of it may leave before {@link screenPrompt} let the turn pass. */
  startGeneration(): AsyncQueue<GenerateEvent> {
    const { generator, turn, policy, generateDeadlineMs } = this.parts;
    const request = turn.modes.input === 'block' ? { ...turn.generate, messages: redactedMessages(turn.messages, policy.document) } : turn.generate;
    const events = readAhead(generator.stream<GenerateEvent>(PATTERNS.generate, request, { deadlineMs: generateDeadlineMs, signal: this.signal, lane: 'online' }));
    this.refused = events.failed.then((error) => {
      const known = generationError(error);
      if (CALLER_FAULTS.has(known.code)) throw known;
      return never();
    });
    this.refused.catch(() => undefined);
    return events;
  }

  /**
   * Screens the prompt. Resolves to true when the turn may go on; throws `guard_unavailable` when a check failed and the policy blocks on that,
   * and what the generator said where it refused the request meanwhile: a prompt that fits no context is not read to its end first.
   */
  async screenPrompt(): Promise<boolean> {
    const checked = Promise.race([this.parts.screening.screenPrompt({ messages: this.parts.turn.messages }, this.context(this.parts.turn.modes.input)), this.refused]);
    const [outcome, wholeAnswers] = await Promise.all([checked, this.parts.wholeAnswers ?? false]);
    this.wholeAnswers = wholeAnswers;
    this.report.addInput(outcome);
    return this.passes(outcome, this.parts.turn.modes.input);
  }

  /** Screens texts of the answer. Same result as {@link screenPrompt}; with mode `score` the result is only recorded. */
  async screenAnswer(parts: AnswerPart[], mode: ModerationMode = this.parts.turn.modes.output): Promise<boolean> {
    const outcome = await this.parts.screening.screenAnswer({ messages: this.parts.turn.messages, parts }, this.context(mode));
    this.report.addOutput(outcome);
    return this.passes(outcome, mode);
  }

  private passes(outcome: ScreeningOutcome, mode: ModerationMode): boolean {
    if (mode === 'score' || outcome.decision.action !== 'block') return true;
    requireVerdict(outcome.decision);
    this.report.withhold();
    return false;
  }

  /** Text of the answer as it may leave after its checks passed. */
  redactAnswer(text: string, mode: ModerationMode = this.parts.turn.modes.output): string {
    return mode === 'block' ? withoutPersonalData(text, 'response', this.parts.policy.document) : text;
  }

  /** Personal data is taken out where texts can be blocked, except in tool calls, whose arguments are JSON: those are blocked. */
  private context(mode: ModerationMode) {
    const { policy, screenDeadlineMs } = this.parts;
    const redacts = (text: PlannedText) => mode === 'block' && !text.toolCall;
    return { policy, redacts, call: { deadlineMs: screenDeadlineMs, signal: this.signal, lane: 'online' as const } };
  }
}

/** A generator that cannot be reached is named as such; its own refusals pass unchanged. */
export function generationError(error: unknown): SallyportError {
  const known = SallyportError.from(error);
  if (known.code !== 'service_unavailable' && known.code !== 'worker_lost') return known;
  return new SallyportError('generator_unavailable', 'No generator answers now; try again.', { retryAfterS: known.retryAfterS ?? 2, cause: error });
}
