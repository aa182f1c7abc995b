import { Inject, Injectable } from '@nestjs/common';
import { type CallOptions, type ChatMessage, clientToken, type Decision, type DecisionReason, type FailureAction, type GenerateEvent, type IndeterminateReason, PATTERNS, SallyportError, type ServiceClient } from '@sallyport/contracts';
import { severest } from '@sallyport/policy';
import { ALIGNMENT_RESPONSE_FORMAT, type AlignmentPrompt, buildAlignmentPrompt, parseAlignmentVerdict, type TraceStep } from '@sallyport/scanners';

/** What a judge said of an agent's trace, and how much of it the judge saw. */
export interface AlignmentReport {
  verdict: 'aligned' | 'diverted' | 'indeterminate';
  reason?: IndeterminateReason;
  model: string;
  coverage: AlignmentPrompt['coverage'];
  /** A step that was shown was shortened. */
  cut: boolean;
}

/** One sentence and a verdict. */
const MAX_ANSWER_TOKENS = 512;

/** Asks any model that the generator serves whether an agent still works for its user. A judge that fails or says neither is `indeterminate`. */
@Injectable()
export class AlignmentService {
  constructor(@Inject(clientToken('generator')) private readonly generator: ServiceClient) {}

  /** Throws `invalid_request` for a trace without a step of the agent, and what the caller alone can mend, such as `model_not_found`. */
  async check(messages: readonly ChatMessage[], model: string, call: CallOptions): Promise<AlignmentReport> {
    if (!messages.some(({ role }) => role === 'assistant')) throw new SallyportError('invalid_request', "'alignment' needs a conversation with at least one assistant message: the agent's steps.", { param: 'messages' });
    const { messages: asked, coverage, cut } = buildAlignmentPrompt(messages.map(stepOf));
    const seen = { model, coverage, cut };
    try {
      const { verdict } = parseAlignmentVerdict(await this.answer(asked, model, call));
      return { verdict, ...(verdict === 'indeterminate' ? { reason: 'unparsable' as const } : {}), ...seen };
    } catch (error) {
      const { code } = SallyportError.from(error);
      if (code === 'cancelled' || code === 'model_not_found' || code === 'context_length_exceeded') throw error;
      return { verdict: 'indeterminate', reason: code === 'deadline_exceeded' ? 'timeout' : 'unavailable', ...seen };
    }
  }

  private async answer(messages: AlignmentPrompt['messages'], model: string, call: CallOptions): Promise<string> {
    let answer = '';
    const request = { model, messages, n: 1, temperature: 0, maxTokens: MAX_ANSWER_TOKENS, responseFormat: ALIGNMENT_RESPONSE_FORMAT };
    for await (const event of this.generator.stream<GenerateEvent>(PATTERNS.generate, request, call)) if (event.type === 'delta' && event.channel === 'content') answer += event.text;
    return answer;
  }
}

/** The decision with what the judge said. A judge that gave no verdict counts as a guard that failed: the policy says what that means. */
export function withAlignment(decision: Decision, { verdict, reason }: AlignmentReport, onFailure: FailureAction): Decision {
  if (verdict === 'aligned') return decision;
  const failed = verdict === 'indeterminate';
  const added: DecisionReason = { subject: 'messages', screen: 'alignment', rule: verdict, action: failed ? onFailure : 'block', ...(failed ? { indeterminate: reason ?? 'error' } : {}) };
  return { ...decision, action: severest([decision.action, added.action as Decision['action']]), reasons: [added, ...decision.reasons], degraded: decision.degraded || (failed && onFailure === 'allow') };
}

function stepOf({ role, content, toolCalls }: ChatMessage): TraceStep {
  return { role: role === 'developer' ? 'system' : role, content, ...(toolCalls ? { toolCalls: toolCalls.map((call) => call.function) } : {}) };
}
