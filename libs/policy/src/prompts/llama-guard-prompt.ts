import { SallyportError } from '@sallyport/contracts';
import { type GuardMessage, type GuardSpeaker, type GuardTurn, guardTurns } from './guard-turns.js';
import { activeCategories, customCategories, defaultCategories, type LlamaGuardVersion, takesImages } from './llama-guard-version.js';

/** A stretch of a prompt. Only in the template's own stretches is a control token's spelling the token; elsewhere it is plain text. */
export interface PromptPart {
  text: string;
  control: boolean;
}

/**
 * `published`: byte for byte what the model's published template prints. `corrected`: without the two accidents in them, a space before
 * Llama Guard 3 8B's first token and a literal backslash-n after Llama Guard 4's turns; Meta's documentation has neither.
 */
export type PromptForm = 'published' | 'corrected';

export interface GuardPromptOptions {
  /** Codes to leave out of the policy; the others keep their numbers. */
  excluded?: readonly string[];
  /** Another policy: text by code, in order. Default: the version's own. */
  categories?: Readonly<Record<string, string>> | null;
  form?: PromptForm;
}

export interface GuardPrompt {
  text: string;
  /** The same text in stretches. */
  parts: PromptPart[];
  /** Whose last turn is judged. */
  judged: GuardSpeaker;
  /** Codes of the policy in the prompt. */
  codes: string[];
  /** Places of messages that are not in the prompt: system messages. */
  left: number[];
}

/** The prompt that asks a Llama Guard about the last turn of a conversation. Throws `invalid_request` that names the field. */
export function llamaGuardPrompt(version: LlamaGuardVersion, messages: readonly GuardMessage[], options: GuardPromptOptions = {}): GuardPrompt {
  const { turns, left } = guardTurns(messages);
  return { ...promptOfTurns(version, turns, options), left };
}

/** The prompt of turns that are ready. */
export function promptOfTurns(version: LlamaGuardVersion, turns: readonly GuardTurn[], { excluded = [], categories, form = 'published' }: GuardPromptOptions): Omit<GuardPrompt, 'left'> {
  const withImage = turns.some((turn) => turn.images > 0);
  if (withImage && !takesImages(version)) throw new SallyportError('invalid_request', `${version} reads text only; expected no image.`, { param: 'messages' });
  const policy = activeCategories(version, categories ? customCategories(categories) : defaultCategories(version, withImage), excluded);
  const judged = turns.at(-1)!.speaker;
  const frame = FRAMES[version];
  const parts = joined([
    control(`${frame.head(form, withImage)}Task: Check if there is unsafe content in '${judged}' messages in conversations according ${frame.according} safety policy with the below categories.\n\n<BEGIN UNSAFE CONTENT CATEGORIES>\n`),
    ...[...policy].map(([code, text]) => plain(`${code}: ${text}\n`)),
    control('<END UNSAFE CONTENT CATEGORIES>\n\n'),
    ...frame.conversation(turns, form),
    control(`<END CONVERSATION>\n\nProvide your safety assessment for ${frame.question(judged)} in the above conversation:\n${frame.bullets}${frame.tail}`),
  ]);
  return { text: parts.map((part) => part.text).join(''), parts, judged, codes: [...policy.keys()] };
}

interface Frame {
  head(form: PromptForm, withImage: boolean): string;
  /** Versions 1 to 3 were trained on "according our". */
  according: 'our' | 'to our';
  conversation(turns: readonly GuardTurn[], form: PromptForm): PromptPart[];
  question(judged: GuardSpeaker): string;
  bullets: string;
  tail: string;
}

const control = (text: string): PromptPart => ({ text, control: true });
const plain = (text: string): PromptPart => ({ text, control: false });

/** Jinja's `trim` is Python's `strip`: it takes U+0085 and U+001C to U+001F, and leaves U+FEFF, other than JavaScript's. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the set is Python's str.isspace.
const PYTHON_SPACE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;
export function pythonStrip(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && PYTHON_SPACE.test(text[start]!)) start += 1;
  while (end > start && PYTHON_SPACE.test(text[end - 1]!)) end -= 1;
  return text.slice(start, end);
}

const lines = (speaker: GuardSpeaker, text: string): PromptPart[] => [control(`${speaker}: `), plain(pythonStrip(text)), control('\n\n')];

/** One line per turn; several texts of a turn follow one another. */
const onePerTurn = (turns: readonly GuardTurn[]): PromptPart[] => [control('<BEGIN CONVERSATION>\n\n'), ...turns.flatMap((turn) => lines(turn.speaker, turn.texts.join('\n')))];
/** One line per text: the templates that take lists of parts repeat the speaker. */
const onePerText = (turns: readonly GuardTurn[]): PromptPart[] => [control('<BEGIN CONVERSATION>\n\n'), ...turns.flatMap((turn) => turn.texts.flatMap((text) => lines(turn.speaker, text)))];

function llamaGuard4Turns(turns: readonly GuardTurn[], form: PromptForm): PromptPart[] {
  const published = form === 'published';
  const spoken = turns.flatMap((turn) => [
    control(`${published ? '\n' : ''}${turn.speaker}: ${'<|image|>'.repeat(turn.images)}`),
    plain(pythonStrip(turn.texts.join('\n'))),
    control(published ? '\\n\\n' : '\n\n'),
  ]);
  return [control(published ? '<BEGIN CONVERSATION>' : '<BEGIN CONVERSATION>\n\n'), ...spoken, control(published ? '\n\n' : '')];
}

const BULLETS = " - First line must read 'safe' or 'unsafe'.\n - If unsafe, a second line must include a comma-separated list of violated categories.";
const onlyTheLast = (judged: GuardSpeaker): string => `ONLY THE LAST ${judged} message`;
const LLAMA_3_HEAD = '<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n';
const LLAMA_3_TAIL = '<|eot_id|><|start_header_id|>assistant<|end_header_id|>';

const llamaGuard3Parts: Frame = {
  head: (_form, withImage) => `${LLAMA_3_HEAD}${withImage ? '<|image|> ' : ''}`,
  according: 'our', conversation: onePerText, question: onlyTheLast, bullets: BULLETS, tail: ` ${LLAMA_3_TAIL}`,
};

const FRAMES: Readonly<Record<LlamaGuardVersion, Frame>> = {
  'llama-guard-1': { head: () => '[INST] ', according: 'our', conversation: onePerTurn, question: (judged) => judged, bullets: BULLETS.replaceAll(' - ', '- '), tail: ' [/INST]' },
  'llama-guard-2': { head: () => '<|begin_of_text|>[INST] ', according: 'our', conversation: onePerTurn, question: onlyTheLast, bullets: BULLETS, tail: ' [/INST]' },
  'llama-guard-3-8b': { head: (form) => `${form === 'published' ? ' ' : ''}${LLAMA_3_HEAD}`, according: 'our', conversation: onePerTurn, question: onlyTheLast, bullets: BULLETS, tail: LLAMA_3_TAIL },
  'llama-guard-3-1b': llamaGuard3Parts,
  'llama-guard-3-11b-vision': llamaGuard3Parts,
  'llama-guard-4': {
    head: () => '<|begin_of_text|><|header_start|>user<|header_end|>\n\n',
    according: 'to our', conversation: llamaGuard4Turns, question: onlyTheLast, bullets: BULLETS, tail: ' <|eot|><|header_start|>assistant<|header_end|>',
  },
};

/** Neighbours of one kind made one, empty ones dropped. */
function joined(parts: readonly PromptPart[]): PromptPart[] {
  const result: PromptPart[] = [];
  for (const part of parts) {
    const last = result.at(-1);
    if (part.text === '') continue;
    if (last?.control === part.control) last.text += part.text;
    else result.push({ ...part });
  }
  return result;
}
