import { Inject, Injectable } from '@nestjs/common';
import { clientToken, type Lane, SallyportError, type ServiceClient } from '@sallyport/contracts';
import type { FastifyReply } from 'fastify';
import { GATEWAY_LOGGER, GATEWAY_SETTINGS, type GatewayLogger, type GatewaySettings } from '../gateway-options.js';
import { errorBody } from '../http/error-body.js';
import { SseWriter } from '../http/sse-writer.js';
import { GatewayMetrics } from '../metrics/gateway-metrics.js';
import { ModelsService } from '../models/models.service.js';
import { PoliciesService } from '../policies/policies.service.js';
import { ShadowService } from '../policies/shadow.service.js';
import { ScreeningService } from '../screening/screening.service.js';
import type { ChatCompletionDto } from './chat-completion.dto.js';
import { ChatRun } from './chat-run.js';
import { readChatTurn } from './chat-turn.js';
import { completeChat } from './complete-chat.js';
import { streamChat } from './stream-chat.js';

/** Who asked, and how long that one waits. */
export interface ChatCaller {
  requestId: string;
  clientSignal: AbortSignal;
  keyId: string;
  /** Of the reader, best first. */
  languages: readonly string[];
  /** Default `online`. */
  lane?: Lane;
}

/** Chat turns from request to answer. */
@Injectable()
export class ChatService {
  constructor(
    @Inject(clientToken('generator')) private readonly generator: ServiceClient,
    @Inject(ScreeningService) private readonly screening: ScreeningService,
    @Inject(PoliciesService) private readonly policies: PoliciesService,
    @Inject(ShadowService) private readonly shadows: ShadowService,
    @Inject(ModelsService) private readonly models: ModelsService,
    @Inject(GatewayMetrics) private readonly metrics: GatewayMetrics,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
    @Inject(GATEWAY_LOGGER) private readonly logger: GatewayLogger,
  ) {}

  /** Reads the request; throws for everything that is wrong with it, before any work. */
  async begin(body: ChatCompletionDto, { requestId, clientSignal, keyId, languages, lane = 'online' }: ChatCaller): Promise<ChatRun> {
    const turn = readChatTurn(body);
    if (turn.moderationModel !== undefined) await this.models.requireModerationModel(turn.moderationModel, 'moderation.model');
    const policy = await this.policies.choose({ requested: turn.policy, keyId, model: turn.model, route: 'chat' });
    const { generateDeadlineMs } = this.settings;
    const screenDeadlineMs = lane === 'batch' ? this.settings.batchScreenDeadlineMs : this.settings.screenDeadlineMs;
    const wholeAnswers = body.stream ? this.models.readsWholeAnswers(policy.document) : undefined;
    return new ChatRun({ ...(wholeAnswers ? { wholeAnswers } : {}), turn, policy, lane, requestId, clientSignal, languages, generator: this.generator, screening: this.screening, screenDeadlineMs, generateDeadlineMs });
  }

  /** The whole answer as one body. */
  async complete(run: ChatRun) {
    const body = await completeChat(run);
    this.count(run);
    return body;
  }

  /** Writes the answer as events. A failure after the first one is an event of its own, and the stream then has no `[DONE]`. */
  async stream(run: ChatRun, reply: FastifyReply): Promise<void> {
    const writer = new SseWriter(reply);
    try {
      for await (const chunk of streamChat(run)) await writer.send(chunk);
      await writer.sendDone();
    } catch (error) {
      if (!writer.started) throw error;
      await this.sendFailure(writer, run, SallyportError.from(error));
    } finally {
      if (writer.started) writer.end();
      this.count(run);
    }
  }

  private async sendFailure(writer: SseWriter, run: ChatRun, error: SallyportError): Promise<void> {
    if (error.code !== 'cancelled') this.logger.warn({ requestId: run.parts.requestId, code: error.code }, 'stream ended early');
    await writer.send(errorBody(error.toPayload()));
  }

  private count(run: ChatRun): void {
    this.metrics.decided('prompt', run.report.decision('input'));
    this.metrics.decided('response', run.report.decision('output'));
    const { requestId } = run.parts;
    this.shadows.observe(run.report.facts('input'), { stage: 'prompt', requestId });
    this.shadows.observe(run.report.facts('output'), { stage: 'response', requestId });
  }
}
