import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { type Lane, type PolicyVersion, SallyportError } from '@sallyport/contracts';
import { planAnswer, planPrompt, planText, type ScreenPlan, summarize } from '@sallyport/policy';
import { readMessage } from '../chat/chat-turn.js';
import { moderationResult } from '../chat/turn-report.js';
import { GATEWAY_SETTINGS, type GatewaySettings } from '../gateway-options.js';
import { joinText } from '../http/text-parts.js';
import { GatewayMetrics } from '../metrics/gateway-metrics.js';
import { MODERATION_ALIASES, ModelsService } from '../models/models.service.js';
import { PoliciesService } from '../policies/policies.service.js';
import { ShadowService } from '../policies/shadow.service.js';
import { type ScreeningOutcome, ScreeningService } from '../screening/screening.service.js';
import { requireVerdict } from '../screening/unavailable.js';
import type { ModerationDto } from './moderation.dto.js';

/** `POST /v1/moderations`: texts or a conversation to verdicts, in OpenAI's shape. */
@Injectable()
export class ModerationsService {
  constructor(
    @Inject(ScreeningService) private readonly screening: ScreeningService,
    @Inject(PoliciesService) private readonly policies: PoliciesService,
    @Inject(ShadowService) private readonly shadows: ShadowService,
    @Inject(ModelsService) private readonly models: ModelsService,
    @Inject(GatewayMetrics) private readonly metrics: GatewayMetrics,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  /** Throws `guard_unavailable` when a check that the policy insists on gave no verdict: half an answer could be read as a clean one. */
  async moderate(body: ModerationDto, { signal, keyId, requestId, lane = 'online' }: { signal: AbortSignal; keyId: string; requestId: string; lane?: Lane }) {
    const deadlineMs = lane === 'batch' ? this.settings.batchScreenDeadlineMs : this.settings.screenDeadlineMs;
    if (body.model !== undefined) await this.models.requireModerationModel(body.model, 'model');
    const policy = await this.policies.choose({ requested: body.policy, keyId, model: body.model, route: 'moderations' });
    const outcomes = await this.screening.run(plansOf(body, policy), { policy, call: { deadlineMs, signal, lane } });
    for (const outcome of outcomes) {
      requireVerdict(outcome.decision);
      this.metrics.decided('moderation', outcome.decision);
      this.shadows.observe(outcome, { stage: 'moderation', requestId });
    }
    return { id: `modr-${randomUUID().replaceAll('-', '')}`, model: body.model ?? MODERATION_ALIASES[0], results: outcomes.map(resultOf) };
  }
}

function resultOf(outcome: ScreeningOutcome) {
  return { ...moderationResult(outcome), sallyport: summarize(outcome) };
}

/** One plan per result. */
function plansOf(body: ModerationDto, policy: PolicyVersion): ScreenPlan[] {
  const messages = body.messages?.map((message, index) => readMessage(message, `messages.${index}`));
  if (body.input === undefined) return [planPrompt({ messages: messages ?? [] }, policy.document)];
  const texts = textsOf(body.input);
  const direction = body.direction ?? 'prompt';
  if (direction === 'response' && messages) return texts.map((text) => planAnswer({ messages, parts: [{ id: 'input', text }] }, policy.document));
  if (messages) throw new SallyportError('invalid_request', "'messages' beside 'input' is the conversation that a response answers: set 'direction' to 'response', or leave one of them out.", { param: 'messages' });
  return texts.map((text) => planText(text, direction, policy.document));
}

function textsOf(input: NonNullable<ModerationDto['input']>): string[] {
  if (typeof input === 'string') return [input];
  const strings = input.filter((item): item is string => typeof item === 'string');
  if (strings.length === input.length) return strings;
  return [joinText(input as Exclude<ModerationDto['input'], string | string[] | undefined>, 'input')];
}
