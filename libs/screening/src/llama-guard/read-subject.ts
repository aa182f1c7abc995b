import { type Coverage, SallyportError, type ScreenSubject } from '@sallyport/contracts';
import { type FittedPrompt, fitConversation, type GuardMessage, llamaGuardPrompt } from '@sallyport/policy';
import type { ScreenOptions } from '../screen.js';
import type { GuardAnswer, GuardCase, GuardModel } from './guard-model.js';
import type { GuardQuestion } from './guard-question.js';
import { subjectMessages } from './subject-messages.js';

/** What a Llama Guard says of one subject, over all of its pieces. */
export interface SubjectReading {
  /** The highest P(unsafe); undefined when one piece has none. */
  unsafe: number | undefined;
  /** P(unsafe) × share by code, the highest of all pieces. */
  shares: ReadonlyMap<string, number>;
  coverage: Coverage;
  queueMs: number;
  inferenceMs: number;
}

/** Characters that two pieces of a text share, so that harm across the cut is seen whole by one of them. */
const OVERLAP_CHARS = 400;

/**
 * Asks about a subject. Turns of history that do not fit are left out, oldest first, and missing in the coverage; a judged text that is longer than the context
 * by itself is judged in pieces, from its end to its beginning. @throws LlamaCoreError, SallyportError
 */
export async function readSubject(model: GuardModel, subject: ScreenSubject, question: GuardQuestion, options?: ScreenOptions): Promise<SubjectReading> {
  const reading = new Pieces();
  for (let rest = Array.from(subject.text); ; ) {
    const messages = subjectMessages({ ...subject, text: rest.join('') });
    const fitted = await fit(model, messages, question);
    const answer = await model.ask({ prompt: fitted, messages: turnsOf(messages) }, options);
    reading.add(answer, { read: await readTokens(model, fitted, question), left: await leftTokens(model, messages, fitted) });
    const cut = cutOfSubject(messages, fitted.dropped.characters);
    if (cut === 0) return reading.result();
    const kept = rest.length - cut;
    if (kept <= 0) throw new SallyportError('context_length_exceeded', 'The policy leaves no room for a text in the context.', { param: 'categories' });
    rest = rest.slice(0, cut + Math.min(OVERLAP_CHARS, Math.floor(kept / 4)));
  }
}

/** Characters of the judged message itself that were cut: its turn begins with the messages of its side right before it, and they go first. */
function cutOfSubject(messages: readonly GuardMessage[], characters: number): number {
  if (characters === 0) return 0;
  const sides = messages.map(({ role }) => role === 'assistant');
  const first = sides.findLastIndex((side) => side !== sides.at(-1)) + 1;
  const before = messages.slice(first, -1).reduce((sum, { content }) => sum + Array.from(String(content ?? '')).length + 1, 0);
  return Math.max(0, characters - before);
}

async function fit(model: GuardModel, messages: readonly GuardMessage[], { categories }: GuardQuestion): Promise<FittedPrompt> {
  const { version, maxPromptTokens } = model.describe();
  return fitConversation(version, messages, { categories: { ...categories }, form: 'corrected', maxTokens: maxPromptTokens, countTokens: (parts) => model.countTokens(parts) });
}

/** Tokens of the conversation in a prompt: all but those of the policy around it. */
async function readTokens(model: GuardModel, { tokens, judged }: FittedPrompt, { categories }: GuardQuestion): Promise<number> {
  const { version } = model.describe();
  const frame = llamaGuardPrompt(version, [{ role: judged === 'Agent' ? 'assistant' : 'user', content: '' }], { categories: { ...categories }, form: 'corrected' });
  return Math.max(0, tokens - (await model.countTokens(frame.parts)));
}

/** Tokens of turns that were left out altogether. */
async function leftTokens(model: GuardModel, messages: readonly GuardMessage[], { dropped }: FittedPrompt): Promise<number> {
  const texts = dropped.messages.map((at) => ({ text: String(messages[at]!.content ?? ''), control: false }));
  return texts.length === 0 ? 0 : model.countTokens(texts);
}

class Pieces {
  private unsafe: number | undefined = 0;
  private readonly shares = new Map<string, number>();
  private readonly coverage: Coverage = { tokens: 0, tokensScreened: 0, windows: 0 };
  private left = 0;
  private queueMs = 0;
  private inferenceMs = 0;

  add({ unsafe, shares, queueMs, inferenceMs }: GuardAnswer, { read, left }: { read: number; left: number }): void {
    this.unsafe = this.unsafe === undefined || unsafe === undefined ? undefined : Math.max(this.unsafe, unsafe);
    for (const [code, share] of shares) this.shares.set(code, Math.max(this.shares.get(code) ?? 0, share * (unsafe ?? 0)));
    this.coverage.tokensScreened += read;
    this.coverage.windows += 1;
    this.left = Math.max(this.left, left);
    this.queueMs += queueMs;
    this.inferenceMs += inferenceMs;
  }

  result(): SubjectReading {
    const { unsafe, shares, queueMs, inferenceMs, coverage, left } = this;
    return { unsafe, shares, queueMs, inferenceMs, coverage: { ...coverage, tokens: coverage.tokensScreened + left } };
  }
}

/** As servers' templates want them: user and assistant by turns. */
function turnsOf(messages: readonly GuardMessage[]): GuardCase['messages'] {
  const turns: Array<{ role: 'user' | 'assistant'; content: string }> = [];
  for (const { role, content } of messages) {
    const side = role === 'assistant' ? 'assistant' : 'user';
    const last = turns.at(-1);
    if (last?.role === side) last.content += `\n${String(content ?? '')}`;
    else turns.push({ role: side, content: String(content ?? '') });
  }
  return turns;
}
