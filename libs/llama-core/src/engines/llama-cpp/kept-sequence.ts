import { LlamaCoreError } from '../../errors.js';
import type { ScoredToken } from '../../sampling/logprobs.js';
import type { LlamaSequence, Next, Question } from './node-llama-cpp.js';

/** A temperature of 0 leaves the logits as they are. */
const RAW = { options: { temperature: 0 } } as const;

/** One sequence of llama.cpp's cache that knows which tokens it holds, so that only new ones are computed. */
export class KeptSequence {
  private held: number[] = [];

  constructor(
    private readonly sequence: LlamaSequence,
    private readonly vocabularySize: number,
  ) {}

  /** Tokens of `tokens` that are computed already. */
  sharedLength(tokens: readonly number[]): number {
    let at = 0;
    while (at < this.held.length && at < tokens.length && this.held[at] === tokens[at]) at++;
    return at;
  }

  /** Logits [vocabulary] after the last token. Carrying all of them over costs more than the model; where less will do, ask for less. */
  async logits(tokens: readonly number[]): Promise<Float32Array> {
    const [next] = await this.ask(tokens, [{ logits: true, ...RAW }]);
    const out = new Float32Array(this.vocabularySize).fill(Number.NEGATIVE_INFINITY);
    for (const [id, value] of next!.logits ?? []) out[id] = value;
    return out;
  }

  /** The most likely next token and, with `count`, that many with their log-probabilities. */
  async mostLikely(tokens: readonly number[], count: number | undefined): Promise<{ id: number; logprob?: number; top?: ScoredToken[] }> {
    if (count === undefined) {
      const [next] = await this.ask(tokens, [{ token: true, ...RAW }]);
      return { id: next!.token! };
    }
    const [next] = await this.ask(tokens, [{ logits: { filter: { tokens: [], includeTop: Math.max(1, count) } }, totalLogitWeight: true, ...RAW }]);
    const top = logprobsOf(next!);
    return { id: top[0]!.id, logprob: top[0]!.logprob, top: top.slice(0, count) };
  }

  /** Log-probabilities of `wanted[i]` after `tokens` without the last `wanted.length - 1 - i`. */
  async logprobs(tokens: readonly number[], wanted: ReadonlyArray<readonly number[]>): Promise<number[][]> {
    const answers = await this.ask(tokens, wanted.map((ids) => ({ logits: { filter: { tokens: ids, includeTop: 1 } }, totalLogitWeight: true, ...RAW })));
    return answers.map((next, i) => {
      const known = new Map(logprobsOf(next).map(({ id, logprob }) => [id, logprob]));
      return wanted[i]!.map((id) => known.get(id) ?? Number.NEGATIVE_INFINITY);
    });
  }

  /** Asks after each of the last tokens; what came before is computed only where it is not held. */
  private async ask(tokens: readonly number[], questions: readonly Question[]): Promise<Next[]> {
    const from = tokens.length - questions.length;
    const start = Math.min(from, this.sharedLength(tokens));
    await this.forgetFrom(start);
    const input = tokens.slice(start).map((token, i): number | [number, { generateNext: Question }] => (start + i >= from ? [token, { generateNext: questions[start + i - from]! }] : token));
    // A failure in between leaves llama.cpp's cache in no known state.
    this.held = [];
    const results = await this.sequence.controlledEvaluate(input);
    this.held = [...tokens];
    return results.slice(from - start).map((result) => {
      if (!result) throw new LlamaCoreError('worker_crashed', 'llama.cpp gave no logits.');
      return result.next;
    });
  }

  private async forgetFrom(start: number): Promise<void> {
    const end = this.sequence.nextTokenIndex;
    if (start === 0) await this.sequence.clearHistory();
    else if (end > start) await this.sequence.eraseContextTokenRanges([{ start, end }]);
  }
}

/** Log-probabilities of the tokens in an answer that holds the most likely one too, best first. */
function logprobsOf({ logits = new Map(), totalLogitWeight = 1 }: Next): ScoredToken[] {
  const best = [...logits].sort(([a, x], [b, y]) => y - x || a - b);
  const normaliser = (best[0]?.[1] ?? 0) + Math.log(totalLogitWeight);
  return best.map(([id, value]) => ({ id, logprob: value - normaliser }));
}
