import { LlamaCoreError } from '../errors.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { CHAT_FORMATS, type ChatFormat, FORMAT_TEMPLATES, neutralizeLlama2 } from './built-in-formats.js';
import { ChatTemplate } from './chat-template.js';

/** What is known about a checkpoint's way to chat. */
export interface TemplateChoice {
  /** The checkpoint's own jinja template. */
  template?: string;
  /** The format that the user chose; it goes before the template. */
  format?: string;
  /** Name of the model, its folder or file. */
  name?: string;
}

/** Control tokens that only one format has. */
const TOKENS: ReadonlyArray<[ChatFormat, readonly string[]]> = [
  ['llama-4', ['<|header_start|>', '<|header_end|>', '<|eot|>']],
  ['llama-3', ['<|start_header_id|>', '<|end_header_id|>', '<|eot_id|>']],
];
/** Llama 1 and 2's tokenizer tells nothing, so the name has to. WizardLM 7B V1.0 has a format of its own. */
const NAMES: ReadonlyArray<[ChatFormat, RegExp]> = [
  ['vicuna', /vicuna/i],
  ['wizardcoder', /wizard-?coder/i],
  ['wizardlm', /wizard-?lm-?(2|(13|30|33|70)b)/i],
  ['alpaca', /alpaca/i],
  ['llama-2', /llama-?2.*chat/i],
];

/** The one format that fits a checkpoint without a template; undefined where several could. Llama Guards have prompts, not chats. */
export function detectChatFormat(tokenizer: Pick<Tokenizer, 'specialId'>, name = ''): ChatFormat | undefined {
  if (/llama-?guard/i.test(name)) return undefined;
  const byTokens = TOKENS.find(([, tokens]) => tokens.every((token) => tokenizer.specialId(token) !== undefined));
  return (byTokens ?? NAMES.find(([, pattern]) => pattern.test(name)))?.[0];
}

/** The template to chat with: the chosen format, else the checkpoint's own, else a detected format, else none. Throws `template_invalid`. */
export function chooseChatTemplate({ template, format, name }: TemplateChoice, tokenizer: Tokenizer): ChatTemplate | undefined {
  if (format !== undefined && !isFormat(format)) throw new LlamaCoreError('template_invalid', `Expected a chat format out of ${CHAT_FORMATS.join(', ')}.`, { param: 'chatFormat' });
  if (format === undefined && template !== undefined) return new ChatTemplate(template, tokenizer.names);
  const chosen = format ?? detectChatFormat(tokenizer, name);
  return chosen && new ChatTemplate(FORMAT_TEMPLATES[chosen], tokenizer.names, chosen === 'llama-2' ? neutralizeLlama2 : undefined);
}

const isFormat = (format: string): format is ChatFormat => (CHAT_FORMATS as readonly string[]).includes(format);
