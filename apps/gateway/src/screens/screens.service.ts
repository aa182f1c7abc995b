import { Inject, Injectable } from '@nestjs/common';
import { type ChatMessage, type PolicyVersion, SallyportError } from '@sallyport/contracts';
import { explain, planAnswer, planPrompt, refusalFor, type ScreenPlan, summarize } from '@sallyport/policy';
import type { ChatMessageDto } from '../chat/chat-message.dto.js';
import { readMessage } from '../chat/chat-turn.js';
import { GATEWAY_SETTINGS, type GatewaySettings } from '../gateway-options.js';
import { GatewayMetrics } from '../metrics/gateway-metrics.js';
import { PoliciesService } from '../policies/policies.service.js';
import { ShadowService } from '../policies/shadow.service.js';
import { ScreeningService } from '../screening/screening.service.js';
import { requireVerdict } from '../screening/unavailable.js';
import { type AlignmentReport, AlignmentService, withAlignment } from './alignment.service.js';
import type { ScreenDto } from './screen.dto.js';

/** `POST /v1/screens`: the checks of a turn without a generation. */
@Injectable()
export class ScreensService {
  constructor(
    @Inject(ScreeningService) private readonly screening: ScreeningService,
    @Inject(PoliciesService) private readonly policies: PoliciesService,
    @Inject(ShadowService) private readonly shadows: ShadowService,
    @Inject(AlignmentService) private readonly alignment: AlignmentService,
    @Inject(GatewayMetrics) private readonly metrics: GatewayMetrics,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  /** Throws `guard_unavailable` when a check that the policy insists on gave no verdict. */
  async screen(body: ScreenDto, { requestId, signal, keyId, languages }: { requestId: string; signal: AbortSignal; keyId: string; languages: readonly string[] }) {
    const policy = await this.policies.choose({ requested: body.policy, keyId, route: 'screens' });
    const context = { policy, call: { deadlineMs: this.settings.screenDeadlineMs, signal, lane: 'online' as const } };
    const [[outcome], alignment] = await Promise.all([this.screening.run([planOf(body, policy)], context), this.align(body, signal)]);
    const { verdicts } = outcome!;
    const decision = alignment ? withAlignment(outcome!.decision, alignment, policy.document.onFailure.guard) : outcome!.decision;
    requireVerdict(decision);
    this.metrics.decided('moderation', decision);
    this.shadows.observe(outcome!, { stage: 'screen', requestId });
    const { action, reasons, degraded, waived } = decision;
    return { id: requestId, ...summarize(outcome!), decision: action, reasons, degraded, ...(waived ? { waived } : {}), explanation: explain(decision), verdicts, ...(alignment ? { alignment } : {}), ...(action === 'block' ? { refusal: refusalFor(decision, policy, languages) } : {}) };
  }

  /** A judge writes a sentence, so it has the time of a generation. */
  private async align({ alignment, messages = [] }: ScreenDto, signal: AbortSignal): Promise<AlignmentReport | undefined> {
    if (!alignment) return undefined;
    return this.alignment.check(messagesOf(messages), alignment.model, { deadlineMs: this.settings.generateDeadlineMs, signal, lane: 'online' });
  }
}

const messagesOf = (messages: readonly ChatMessageDto[]): ChatMessage[] => messages.map((message, index) => readMessage(message, `messages.${index}`));

function planOf(body: ScreenDto, policy: PolicyVersion): ScreenPlan {
  const messages = messagesOf(body.messages ?? []);
  const documents = (body.documents ?? []).map((document) => document.text);
  if (body.direction !== 'response') return planPrompt({ messages, documents }, policy.document);
  const answer = messages.at(-1);
  if (answer?.role !== 'assistant') throw new SallyportError('invalid_request', "With direction 'response' the last message must be the assistant's answer.", { param: 'messages' });
  if (documents.length > 0) throw new SallyportError('invalid_request', "'documents' belong to a prompt; leave them out with direction 'response'.", { param: 'documents' });
  return planAnswer({ messages: messages.slice(0, -1), parts: answerParts(answer, `messages.${messages.length - 1}`) }, policy.document);
}

function answerParts(answer: ReturnType<typeof readMessage>, id: string) {
  const calls = (answer.toolCalls ?? []).map((call, at) => ({ id: `${id}.tool_calls.${at}`, text: `${call.function.name}\n${call.function.arguments}` }));
  return [{ id, text: answer.content }, ...calls];
}
