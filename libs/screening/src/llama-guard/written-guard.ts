import { type Engine, LlamaCoreError, type Token } from '@sallyport/llama-core';
import { defaultCategories, type LlamaGuardVersion, parseGuardVerdict } from '@sallyport/policy';
import type { ScreenOptions } from '../screen.js';
import type { GuardAnswer, GuardCase, GuardModel, GuardModelInfo } from './guard-model.js';

export interface WrittenGuardOptions {
  /** An engine that takes messages and puts them into the model's own template. */
  engine: Engine;
  version: LlamaGuardVersion;
  engineName: string;
}

const VERDICT_TOKENS = 48;
const ALTERNATIVES = 20;

/**
 * A Llama Guard on a server that only answers. Its verdict is read as it is written; P(unsafe) comes from the log-probabilities of the verdict's first token,
 * or is 0 or 1 where the server gives none. The server's template holds the policy, so the categories are the version's own.
 */
export class WrittenGuard implements GuardModel {
  /** Undefined until the first answer. */
  private hasLogprobs: boolean | undefined;

  constructor(private readonly options: WrittenGuardOptions) {}

  /** Asks about a harmless prompt. @throws LlamaCoreError `config_invalid` when no verdict comes. */
  static async open(options: WrittenGuardOptions): Promise<WrittenGuard> {
    const guard = new WrittenGuard(options);
    const answer = await guard.ask({ messages: [{ role: 'user', content: 'What is the capital of France?' }] });
    if (answer.unsafe === undefined) throw new LlamaCoreError('config_invalid', 'Asked about a harmless prompt, the server answers with neither safe nor unsafe. Does it run a Llama Guard, and with its own chat template?', { param: 'SALLYPORT_GUARD' });
    return guard;
  }

  describe(): GuardModelInfo {
    const engine = this.hasLogprobs === false ? `${this.options.engineName}, no log-probabilities` : this.options.engineName;
    return { version: this.options.version, engine, sha256: '', maxPromptTokens: Number.POSITIVE_INFINITY, takesPolicies: false };
  }

  async countTokens(): Promise<number> {
    return 0;
  }

  async ask({ messages }: Pick<GuardCase, 'messages'>, { signal, lane }: ScreenOptions = {}): Promise<GuardAnswer> {
    const prompt = { messages: messages.map(({ role, content }) => ({ role, content: withoutControl(content) })) };
    let text = '';
    const tokens: Token[] = [];
    const costs = { promptTokens: 0, cachedTokens: 0, queueMs: 0, inferenceMs: 0 };
    for await (const event of this.options.engine.generate({ prompt, maxTokens: VERDICT_TOKENS, temperature: 0, topLogprobs: ALTERNATIVES, ...(lane ? { lane } : {}) }, signal)) {
      if (event.type === 'end') Object.assign(costs, { promptTokens: event.promptTokens, cachedTokens: event.cachedTokens, inferenceMs: event.inferenceMs });
      else {
        text += event.text;
        tokens.push(...event.tokens);
      }
    }
    return { ...this.read(text, tokens), ...costs };
  }

  close(): Promise<void> {
    return this.options.engine.close();
  }

  private read(text: string, tokens: readonly Token[]): Pick<GuardAnswer, 'unsafe' | 'shares'> {
    const verdict = parseGuardVerdict(text, [...defaultCategories(this.options.version).keys()]);
    if (verdict.verdict === 'indeterminate') return { unsafe: undefined, shares: new Map() };
    const probability = unsafeIn(tokens);
    this.hasLogprobs = probability !== undefined;
    const unsafe = probability ?? (verdict.verdict === 'unsafe' ? 1 : 0);
    return { unsafe, shares: new Map(verdict.verdict === 'unsafe' ? verdict.codes.map((code) => [code, 1]) : []) };
  }
}

/** P(unsafe) against P(safe) at the first token that is more than white space; undefined without log-probabilities. */
function unsafeIn(tokens: readonly Token[]): number | undefined {
  const first = tokens.find((token) => spelling(token) !== '');
  if (first?.logprob === undefined) return undefined;
  const all = [...(first.top ?? []), ...(first.top?.some(({ bytes }) => spelling({ bytes }) === spelling(first)) ? [] : [{ bytes: first.bytes, logprob: first.logprob }])];
  const mass = (verdict: string) => all.reduce((sum, { bytes, logprob }) => (isStartOf(spelling({ bytes }), verdict) ? sum + Math.exp(logprob) : sum), 0);
  const [safe, unsafe] = [mass('safe'), mass('unsafe')];
  return safe + unsafe > 0 ? unsafe / (safe + unsafe) : undefined;
}

const spelling = ({ bytes }: Pick<Token, 'bytes'>): string => Buffer.from(bytes).toString('utf8').replace(/^[\s▁]+|\s+$/gu, '').toLowerCase();
const isStartOf = (piece: string, verdict: string): boolean => piece !== '' && verdict.startsWith(piece);

/** A server may read the spelling of a control token in a text as the token; a space inside it keeps it text. */
const withoutControl = (text: string): string => text.replace(/<\|(?=[\w ]{1,40}\|>)/g, '< |').replace(/\[(?=\/?INST\])/g, '[ ');
