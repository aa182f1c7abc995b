import { randomInt } from 'node:crypto';
import { Template } from '@huggingface/jinja';
import { LlamaCoreError } from '../errors.js';
import type { EncodeOptions } from '../tokenizer/plain-encoder.js';
import type { SpecialTokenNames, Tokenizer } from '../tokenizer/tokenizer.js';

/** One turn as chat templates see it. Other fields (`tool_calls`, `name`) are passed to the template as they are. */
export interface TemplateMessage {
  role: string;
  content: string;
  [field: string]: unknown;
}

export interface TemplateOptions {
  /** Ends the prompt where the answer begins; default true. */
  addGenerationPrompt?: boolean;
  /** Tool definitions as OpenAI writes them. */
  tools?: readonly unknown[];
  /** Other variables that the template knows, such as `date_string`. */
  variables?: Readonly<Record<string, unknown>>;
}

const MARK_RANGE = 2 ** 48 - 1;

/** A checkpoint's own jinja chat template, or a built-in one. */
export class ChatTemplate {
  private readonly template: Template;

  constructor(
    source: string,
    private readonly names: SpecialTokenNames,
    /** Changes texts that would forge turns of a format without control tokens for them. */
    private readonly neutralize: (text: string) => string = (text) => text,
  ) {
    try {
      this.template = new Template(source);
    } catch (cause) {
      throw new LlamaCoreError('template_invalid', 'The chat template cannot be parsed; see the cause.', { cause });
    }
  }

  /** The prompt as text. @throws LlamaCoreError `template_invalid` when the template refuses the messages. */
  render(messages: readonly TemplateMessage[], options: TemplateOptions = {}): string {
    return this.print(messages.map((message) => ({ ...message, content: this.harmless(message.content) })), options);
  }

  /** Ids of the prompt. Control tokens, BOS among them, come only from the template: a message or tool that spells one keeps it as plain text. */
  encode(messages: readonly TemplateMessage[], tokenizer: Tokenizer, { signal, maxTokens, ...options }: TemplateOptions & EncodeOptions = {}): Promise<number[]> {
    // Digits only, so that no letter-case filter of a template can change it.
    const mark = `\u{10FFFE}${randomInt(MARK_RANGE)}${randomInt(MARK_RANGE)}\u{10FFFF}`;
    const shield = (value: unknown) => shielded(value, tokenizer, mark);
    const harmless = messages.map((message) => ({ ...message, content: this.harmless(message.content) }));
    const text = this.print(shield(harmless) as TemplateMessage[], options.tools ? { ...options, tools: shield(options.tools) as unknown[] } : options);
    return tokenizer.encodeMarked(text, mark, { ...(signal && { signal }), ...(maxTokens !== undefined && { maxTokens }) });
  }

  private print(messages: readonly TemplateMessage[], { addGenerationPrompt = true, tools, variables }: TemplateOptions): string {
    const { bosToken = '', eosToken = '', padToken = '', unkToken = '' } = this.names;
    try {
      return this.template.render({
        ...variables,
        messages,
        ...(tools && tools.length > 0 && { tools }),
        add_generation_prompt: addGenerationPrompt,
        ...{ bos_token: bosToken, eos_token: eosToken, pad_token: padToken, unk_token: unkToken },
      });
    } catch (cause) {
      // The template's message may quote the conversation, so only its class is kept.
      throw new LlamaCoreError('template_invalid', `The chat template refused the messages (${cause instanceof Error ? cause.name : 'unknown error'}): check the order of roles.`, { param: 'messages' });
    }
  }

  /** Templates that take parts get them as they are. */
  private harmless(content: string): string {
    return typeof content === 'string' ? this.neutralize(content) : content;
  }
}

/** The same value with every text in it shielded, names of fields too where they spell a control token. */
function shielded(value: unknown, tokenizer: Tokenizer, mark: string): unknown {
  if (typeof value === 'string') return tokenizer.shieldText(value, mark);
  if (Array.isArray(value)) return value.map((item) => shielded(item, tokenizer, mark));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [tokenizer.spellsControl(key) ? tokenizer.shieldText(key, mark) : key, shielded(item, tokenizer, mark)]));
}
