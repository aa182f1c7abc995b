import { type ChatMessage, type GenerateRequest, SallyportError, type SamplingOptions } from '@sallyport/contracts';
import { joinText } from '../http/text-parts.js';
import type { ChatCompletionDto, GeneratorFieldsDto } from './chat-completion.dto.js';
import type { ChatMessageDto } from './chat-message.dto.js';

/** Whether a direction blocks or only reports. */
export type ModerationMode = 'score' | 'block';

/** A chat request as the use case needs it. */
export interface ChatTurn {
  model: string;
  messages: ChatMessage[];
  generate: GenerateRequest;
  /** `id` or `id@version`; undefined: the server's default policy. */
  policy: string | undefined;
  modes: { input: ModerationMode; output: ModerationMode };
  /** OpenAI's `moderation.model`; undefined when moderated completions were not asked for. */
  moderationModel: string | undefined;
  includeUsage: boolean;
  /** Parts of the request that hold text no screen reads; they are named in the answer. */
  unscreened: string[];
}

const PASSED_ON = ['tools', 'tool_choice', 'parallel_tool_calls', 'functions', 'function_call', 'prediction', 'verbosity', 'reasoning_effort', 'web_search_options', 'metadata', 'store', 'user', 'safety_identifier', 'prompt_cache_key', 'prompt_cache_options', 'service_tier'] as const;
const UNSCREENED = ['tools', 'functions', 'response_format', 'prediction'] as const;

/** Reads a validated body. Throws `unsupported_feature` naming what cannot be screened. */
export function readChatTurn(body: ChatCompletionDto): ChatTurn {
  refuseAudio(body);
  const messages = body.messages.map((message, index) => readMessage(message, `messages.${index}`));
  const passthrough = Object.fromEntries(PASSED_ON.filter((field) => isSet(body[field])).map((field) => [field, body[field]]));
  return {
    model: body.model,
    messages,
    generate: { model: body.model, messages, n: body.n ?? 1, ...readSampling(body), ...(Object.keys(passthrough).length > 0 ? { passthrough } : {}) },
    policy: body.policy ?? undefined,
    modes: { input: body.moderation?.policy?.input?.mode ?? 'block', output: body.moderation?.policy?.output?.mode ?? 'block' },
    moderationModel: body.moderation?.model,
    includeUsage: body.stream_options?.include_usage ?? false,
    unscreened: UNSCREENED.filter((field) => isSet(body[field])),
  };
}

/** One message with its text joined. Throws `unsupported_feature` for parts that are not text. */
export function readMessage(message: ChatMessageDto, param: string): ChatMessage {
  const texts = [message.content ? joinText(message.content, `${param}.content`) : '', message.refusal ?? ''].filter((text) => text !== '');
  return {
    role: message.role,
    content: texts.join('\n'),
    ...(message.name ? { name: message.name } : {}),
    ...(message.tool_call_id ? { toolCallId: message.tool_call_id } : {}),
    ...(message.tool_calls?.length ? { toolCalls: message.tool_calls.map(({ id, type, function: called }) => ({ id, type, function: { name: called.name, arguments: called.arguments } })) } : {}),
  };
}

function readSampling(body: GeneratorFieldsDto): SamplingOptions {
  const options: SamplingOptions = {
    temperature: body.temperature ?? undefined,
    topP: body.top_p ?? undefined,
    topK: body.top_k ?? undefined,
    minP: body.min_p ?? undefined,
    repetitionPenalty: body.repetition_penalty ?? undefined,
    frequencyPenalty: body.frequency_penalty ?? undefined,
    presencePenalty: body.presence_penalty ?? undefined,
    logitBias: isSet(body.logit_bias) ? (body.logit_bias ?? undefined) : undefined,
    responseFormat: isSet(body.response_format) ? (body.response_format ?? undefined) : undefined,
    seed: body.seed ?? undefined,
    stop: typeof body.stop === 'string' ? [body.stop] : (body.stop ?? undefined),
    maxTokens: body.max_completion_tokens ?? body.max_tokens ?? undefined,
    topLogprobs: body.logprobs ? (body.top_logprobs ?? 0) : undefined,
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** Sound cannot be screened, so it is refused here whatever the generator can do. */
function refuseAudio(body: ChatCompletionDto): void {
  if (body.modalities?.includes('audio')) throw new SallyportError('unsupported_feature', 'Audio answers cannot be screened by this server.', { param: 'modalities' });
  if (body.audio) throw new SallyportError('unsupported_feature', 'Audio answers cannot be screened by this server.', { param: 'audio' });
  if (body.top_logprobs && !body.logprobs) throw new SallyportError('invalid_request', "'top_logprobs' needs 'logprobs' to be true.", { param: 'top_logprobs' });
}

/** Empty lists, empty objects and the default text format change nothing, so they count as absent. */
function isSet(value: unknown): boolean {
  if (value === undefined || value === null) return false;
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value !== 'object') return true;
  return Object.keys(value).length > 0 && !('type' in value && value.type === 'text');
}
