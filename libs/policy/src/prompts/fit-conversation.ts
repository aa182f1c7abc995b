import { SallyportError } from '@sallyport/contracts';
import { type GuardMessage, type GuardTurn, guardTurns } from './guard-turns.js';
import { type GuardPrompt, type GuardPromptOptions, type PromptPart, promptOfTurns } from './llama-guard-prompt.js';
import type { LlamaGuardVersion } from './llama-guard-version.js';

/** Tokens of a prompt in its parts, as the model that will read it counts them. Once there are too many it may stop and return any number that is. */
export type CountTokens = (parts: readonly PromptPart[]) => number | Promise<number>;

export interface FitOptions extends GuardPromptOptions {
  /** Tokens the prompt may have. */
  maxTokens: number;
  countTokens: CountTokens;
}

export interface FittedPrompt extends GuardPrompt {
  tokens: number;
  /** What was left out for length: places of messages, and characters cut from the beginning of the judged turn. */
  dropped: { messages: number[]; characters: number };
}

/**
 * The prompt of as many of the newest turns as the context holds; policy and judged turn always stay. Whole turns go, oldest first; what is left
 * begins with a user's turn where it can. A judged turn that is too long by itself keeps its end. Counts every turn about once.
 * Throws `context_length_exceeded` when the policy alone does not fit.
 */
export async function fitConversation(version: LlamaGuardVersion, messages: readonly GuardMessage[], options: FitOptions): Promise<FittedPrompt> {
  const { turns, left } = guardTurns(messages);
  const { maxTokens, countTokens } = options;
  const measure = async (kept: readonly GuardTurn[]) => {
    const prompt = promptOfTurns(version, kept, options);
    return { prompt, tokens: await countTokens(prompt.parts) };
  };
  let first = await firstThatMayFit(turns, (await measure(turns.slice(-1).map(withoutText))).tokens, options);
  let fitted = await measure(turns.slice(first));
  while (fitted.tokens > maxTokens && first < turns.length - 1) {
    first = beginsWithUser(turns, first + 1);
    fitted = await measure(turns.slice(first));
  }
  const dropped = { messages: turns.slice(0, first).flatMap((turn) => turn.messages), characters: 0 };
  if (fitted.tokens <= maxTokens) return { ...fitted.prompt, left, tokens: fitted.tokens, dropped };
  const cut = await endOfTurn(turns.at(-1)!, async (turn) => { fitted = await measure([turn]); return fitted.tokens <= maxTokens; });
  return { ...fitted.prompt, left, tokens: fitted.tokens, dropped: { ...dropped, characters: cut } };
}

const withoutText = (turn: GuardTurn): GuardTurn => ({ ...turn, texts: [''] });

/** Turns are counted from the newest back, until their sum is over; neighbours can share a token, so the sum is only near. */
async function firstThatMayFit(turns: readonly GuardTurn[], frameTokens: number, { maxTokens, countTokens }: FitOptions): Promise<number> {
  let sum = frameTokens;
  let first = turns.length;
  while (first > 0) {
    const { speaker, texts } = turns[first - 1]!;
    sum += await countTokens([{ text: texts.map((text) => `${speaker}: ${text}\n\n`).join(''), control: false }]);
    if (sum > maxTokens + SLACK_TOKENS && first < turns.length) break;
    first -= 1;
  }
  return first === 0 ? 0 : beginsWithUser(turns, first);
}

/** A judged turn's speaker line is in the frame already. */
const SLACK_TOKENS = 8;

/** The next place from `first` on that leaves a conversation beginning with a user; the judged turn where there is none. */
function beginsWithUser(turns: readonly GuardTurn[], first: number): number {
  const found = turns.findIndex((turn, index) => index >= first && turn.speaker === 'User');
  return found >= 0 ? found : turns.length - 1;
}

const FIRST_GUESS = 1024;

/** The number of characters to cut so that the rest fits. Doubles what is kept before it halves the search, so that the cost follows what fits and not the turn. */
async function endOfTurn(turn: GuardTurn, fits: (turn: GuardTurn) => Promise<boolean>): Promise<number> {
  const characters = Array.from(turn.texts.join('\n'));
  const last = (kept: number) => fits({ ...turn, texts: [characters.slice(characters.length - kept).join('')] });
  if (!(await last(0))) throw new SallyportError('context_length_exceeded', 'The policy alone is longer than the context.', { param: 'categories' });
  let low = 0;
  let high = Math.min(FIRST_GUESS, characters.length);
  while (high < characters.length && (await last(high))) {
    low = high;
    high = Math.min(high * 2, characters.length);
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (await last(middle)) low = middle;
    else high = middle;
  }
  await last(low);
  return characters.length - low;
}
