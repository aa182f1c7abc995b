import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { ChatTemplate } from '../../chat-template/chat-template.js';
import type { Engine, EngineEvent, EngineRequest, Prompt, Token, TokenAlternative } from '../../engine/engine.js';
import { LlamaCoreError } from '../../errors.js';
import type { LoadedDecoder } from '../../runtime/load-model.js';
import { tokenLogprobs } from '../../sampling/logprobs.js';
import { argmax } from '../../sampling/sampler.js';
import type { Tokenizer } from '../../tokenizer/tokenizer.js';

interface Body {
  messages?: Array<{ role: string; content: string }>;
  prompt?: string | number[];
  echo?: boolean;
  stream?: boolean;
  max_tokens?: number;
  temperature?: number;
  top_p?: number;
  seed?: number;
  stop?: string[];
  logit_bias?: Record<number, number>;
  ignore_eos?: boolean;
  logprobs?: boolean | number;
  top_logprobs?: number;
  response_format?: { type: 'json_object' } | { type: 'json_schema'; json_schema: { schema: object } };
}

export interface OpenAiServerParts {
  engine: Engine;
  decoder: LoadedDecoder;
  tokenizer: Tokenizer;
  template: string;
}

/** An OpenAI-compatible server on a real engine, with vLLM's extensions: what a remote engine talks to, over real HTTP. `echo` needs the decoder itself. */
export class OpenAiServer {
  /** Requests under way. */
  running = 0;

  private constructor(
    private readonly parts: OpenAiServerParts,
    private readonly server: Server,
  ) {}

  static async start(parts: OpenAiServerParts): Promise<OpenAiServer> {
    const server = createServer();
    const started = new OpenAiServer(parts, server);
    server.on('request', (request, response) => void started.serve(request, response).catch((error: unknown) => refuse(response, error)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return started;
  }

  get baseUrl(): string {
    const address = this.server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/v1`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { contextTokens } = this.parts.engine.describe();
    if (request.url === '/v1/models') return send(response, 200, { data: [{ id: 'tested', object: 'model', owned_by: 'vllm', max_model_len: contextTokens }] });
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Body;
    if (request.url === '/tokenize') return send(response, 200, { tokens: await this.tokenize(body) });
    if (body.echo) return send(response, 200, await this.echo(body));
    if (request.url === '/v1/chat/completions' || request.url === '/v1/completions') return this.stream(body, response);
    return send(response, 404, { error: { message: 'no such route', type: 'not_found', param: null, code: null } });
  }

  private async tokenize({ messages, prompt = '' }: Body): Promise<number[]> {
    const { tokenizer, template } = this.parts;
    return messages ? new ChatTemplate(template, tokenizer.names).encode(messages, tokenizer) : tokenizer.encodeContinuation(String(prompt));
  }

  private async stream(body: Body, response: ServerResponse): Promise<void> {
    const controller = new AbortController();
    response.on('close', () => controller.abort());
    this.running += 1;
    try {
      for await (const event of this.parts.engine.generate(engineRequest(body), controller.signal)) {
        if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' });
        for (const chunk of chunksOf(event, body.messages !== undefined)) response.write(`data: ${JSON.stringify(chunk)}\n\n`);
      }
      response.end('data: [DONE]\n\n');
    } finally {
      this.running -= 1;
    }
  }

  /** Log-probabilities of the prompt's tokens and of one more, the first without one, as vLLM answers. */
  private async echo({ prompt = [] }: Body): Promise<object> {
    const { decoder, tokenizer } = this.parts;
    const ids = typeof prompt === 'string' ? await tokenizer.encodeText(prompt) : prompt;
    const width = decoder.runner.vocabularySize;
    const logits = await decoder.runner.prefill(1, ids, 'all');
    decoder.runner.release(1);
    const rows = ids.map((_, i) => logits.subarray(i * width, (i + 1) * width));
    const all = [...ids, argmax(rows.at(-1)!)];
    const texts = all.map((id) => tokenizer.decode([id]));
    const offsets = texts.map((_, i) => texts.slice(0, i).join('').length);
    const values = all.map((id, i) => (i === 0 ? null : tokenLogprobs(rows[i - 1]!, id, 0).logprob));
    return { choices: [{ index: 0, text: texts.join(''), logprobs: { tokens: texts, token_logprobs: values, top_logprobs: null, text_offset: offsets }, finish_reason: 'length' }], usage: { prompt_tokens: ids.length, completion_tokens: 1 } };
  }
}

function engineRequest(body: Body): EngineRequest {
  const prompt: Prompt = body.messages ? { messages: body.messages } : typeof body.prompt === 'string' ? { text: body.prompt } : { tokenIds: body.prompt ?? [] };
  const topLogprobs = typeof body.logprobs === 'number' ? body.logprobs : body.logprobs ? (body.top_logprobs ?? 0) : undefined;
  const format = body.response_format;
  const fields = { maxTokens: body.max_tokens, temperature: body.temperature, topP: body.top_p, seed: body.seed, stop: body.stop, logitBias: body.logit_bias, ignoreEos: body.ignore_eos, topLogprobs, responseFormat: format && (format.type === 'json_schema' ? { type: format.type, schema: format.json_schema.schema } : format) };
  return { prompt, ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) };
}

function chunksOf(event: EngineEvent, chat: boolean): object[] {
  if (event.type === 'end') return [{ choices: [{ index: 0, ...(chat ? { delta: {} } : { text: '' }), finish_reason: event.reason }] }, { choices: [], usage: { prompt_tokens: event.promptTokens, completion_tokens: event.completionTokens } }];
  const { text, tokens } = event;
  const known = tokens.some(({ logprob }) => logprob !== undefined);
  if (chat) return [{ choices: [{ index: 0, delta: { content: text }, logprobs: known ? { content: tokens.map((token) => ({ ...wireToken(token), top_logprobs: (token.top ?? []).map(wireToken) })) } : null, finish_reason: null }] }];
  const logprobs = known ? { tokens: tokens.map(textOf), token_logprobs: tokens.map(({ logprob }) => logprob), top_logprobs: tokens.map(({ top = [] }) => Object.fromEntries(top.map((token) => [textOf(token), token.logprob]))) } : null;
  return [{ choices: [{ index: 0, text, logprobs, finish_reason: null }] }];
}

const textOf = ({ bytes }: Token | TokenAlternative): string => Buffer.from(bytes).toString('utf8');
const wireToken = (token: Token | TokenAlternative) => ({ token: textOf(token), logprob: token.logprob, bytes: token.bytes });

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  const known = error instanceof LlamaCoreError;
  send(response, known && error.code !== 'overloaded' ? 400 : 503, { error: { message: 'refused', type: 'invalid_request_error', param: known ? (error.param ?? null) : null, code: known ? error.code : null } });
}
