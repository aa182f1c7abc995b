import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { type BatchEndpoint, type BatchResultLine, SallyportError } from '@sallyport/contracts';
import { ChatCompletionDto } from '../chat/chat-completion.dto.js';
import { ChatService } from '../chat/chat.service.js';
import { errorBody } from '../http/error-body.js';
import { createValidationPipe } from '../http/validation.js';
import { ModerationDto } from '../moderations/moderation.dto.js';
import { ModerationsService } from '../moderations/moderations.service.js';
import type { BatchLine } from './batch-line.js';

/** For whom a request runs, and until when. */
export interface RequestContext {
  endpoint: BatchEndpoint;
  keyId: string;
  signal: AbortSignal;
}

/** An answered request; `again`: a service was not there, and another try may help. */
export interface Answered {
  result: BatchResultLine;
  ok: boolean;
  again: boolean;
}

const TRANSIENT: ReadonlySet<number> = new Set([429, 502, 503]);

/** Runs one request of a batch through what answers it online, in the batch lane. */
@Injectable()
export class BatchRequests {
  private readonly pipe = createValidationPipe();

  constructor(@Inject(ModerationsService) private readonly moderations: ModerationsService, @Inject(ChatService) private readonly chat: ChatService) {}

  /** Whatever goes wrong is the answer, as it would be online. Throws only when the signal aborts. */
  async answer({ custom_id, body }: BatchLine, context: RequestContext): Promise<Answered> {
    const requestId = `req_${randomUUID().replaceAll('-', '')}`;
    const resultOf = (status: number, answer: unknown): BatchResultLine => ({ id: newResultId(), custom_id, response: { status_code: status, request_id: requestId, body: answer }, error: null });
    try {
      return { result: resultOf(200, await this.run(body, requestId, context)), ok: true, again: false };
    } catch (error) {
      context.signal.throwIfAborted();
      const known = SallyportError.from(error);
      return { result: resultOf(known.status, errorBody(known.toPayload())), ok: false, again: TRANSIENT.has(known.status) };
    }
  }

  private async run(body: Record<string, unknown>, requestId: string, { endpoint, keyId, signal }: RequestContext): Promise<unknown> {
    if (endpoint === '/v1/moderations') return this.moderations.moderate(await this.read(ModerationDto, body), { signal, keyId, requestId, lane: 'batch' });
    const run = await this.chat.begin(await this.read(ChatCompletionDto, body), { requestId, clientSignal: signal, keyId, languages: [], lane: 'batch' });
    return this.chat.complete(run);
  }

  private read<Dto>(metatype: new () => Dto, body: Record<string, unknown>): Promise<Dto> {
    return this.pipe.transform(body, { type: 'body', metatype }) as Promise<Dto>;
  }
}

/** A request that was never answered, and why. */
export function unanswered(customId: string, ending: 'cancelled' | 'expired'): BatchResultLine {
  const message = ending === 'cancelled' ? 'The batch was cancelled before this request was answered.' : 'The completion window was over before this request was answered.';
  return { id: newResultId(), custom_id: customId, response: null, error: { code: `batch_${ending}`, message } };
}

const newResultId = () => `batch_req_${randomUUID().replaceAll('-', '')}`;
