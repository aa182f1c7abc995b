import type { ChatTemplate } from '../chat-template/chat-template.js';
import { LlamaCoreError } from '../errors.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { Continuation, Prompt } from './engine.js';

export interface PromptEncoderParts {
  tokenizer: Tokenizer;
  template: ChatTemplate | undefined;
  vocabularySize: number;
  /** Longest sequence. */
  maxTokens: number;
}

/** Turns prompts and what follows them into token ids, and refuses what cannot be run. */
export class PromptEncoder {
  private readonly longestTokenBytes: number;

  constructor(private readonly parts: PromptEncoderParts) {
    this.longestTokenBytes = parts.tokenizer.longestTokenBytes;
  }

  /** At least one token, and so few that `reserve` more fit. @throws LlamaCoreError */
  async prompt(prompt: Prompt, reserve: number): Promise<readonly number[]> {
    const ids = await this.ids(prompt);
    if (ids.length === 0) throw new LlamaCoreError('invalid_request', 'The prompt is empty.', { param: 'prompt' });
    this.refuseTooLong(ids.length, reserve);
    return ids;
  }

  async continuation(continuation: Continuation): Promise<readonly number[]> {
    if (typeof continuation !== 'string') return this.known(continuation);
    this.refuseHopeless(continuation.length);
    return this.parts.tokenizer.encodeContinuation(continuation);
  }

  /** All of them, none so long that it does not fit after `base` tokens. */
  async continuations(list: readonly Continuation[], base: number): Promise<Array<readonly number[]>> {
    const encoded = await Promise.all(list.map((continuation) => this.continuation(continuation)));
    this.refuseTooLong(base, encoded.reduce((longest, ids) => Math.max(longest, ids.length), 0));
    return encoded;
  }

  refuseTooLong(tokens: number, reserve: number): void {
    const { maxTokens } = this.parts;
    if (tokens + reserve > maxTokens) throw new LlamaCoreError('context_length_exceeded', `The prompt has ${tokens} tokens; the context holds ${maxTokens} with the answer.`, { param: 'messages' });
  }

  private async ids(prompt: Prompt): Promise<readonly number[]> {
    if ('tokenIds' in prompt) return this.known(prompt.tokenIds);
    const { template, tokenizer } = this.parts;
    this.refuseHopeless('text' in prompt ? prompt.text.length : prompt.messages.reduce((sum, message) => sum + message.content.length, 0));
    if ('text' in prompt) return tokenizer.withBos(await tokenizer.encodeText(prompt.text));
    if (!template) throw new LlamaCoreError('template_invalid', 'This model has no chat template; send text instead of messages.', { param: 'messages' });
    return template.encode(prompt.messages, tokenizer);
  }

  private known(ids: readonly number[]): readonly number[] {
    const { vocabularySize } = this.parts;
    if (ids.some((id) => !Number.isInteger(id) || id < 0 || id >= vocabularySize)) throw new LlamaCoreError('invalid_request', `Token ids go from 0 to ${vocabularySize - 1}.`, { param: 'tokenIds' });
    return ids;
  }

  /** A text that cannot fit whatever its tokens are is refused before it is encoded. */
  private refuseHopeless(chars: number): void {
    const least = Math.floor(chars / this.longestTokenBytes);
    if (least > this.parts.maxTokens) throw new LlamaCoreError('context_length_exceeded', `The prompt has at least ${least} tokens; the context holds ${this.parts.maxTokens}.`, { param: 'messages' });
  }
}
