/** Token id with the natural logarithm of its probability. */
export interface ScoredToken {
  id: number;
  logprob: number;
}

/** log(sum(exp(logits))) in double precision. */
export function logSumExp(logits: Float32Array): number {
  let max = Number.NEGATIVE_INFINITY;
  for (const value of logits) if (value > max) max = value;
  let sum = 0;
  for (const value of logits) sum += Math.exp(value - max);
  return max + Math.log(sum);
}

/** Log-probability of the chosen token and of the `count` most likely ones, from the model's own distribution (before temperature and penalties). */
export function tokenLogprobs(logits: Float32Array, chosen: number, count: number): { logprob: number; top: ScoredToken[] } {
  const normaliser = logSumExp(logits);
  return { logprob: logits[chosen]! - normaliser, top: mostLikely(logits, count).map((id) => ({ id, logprob: logits[id]! - normaliser })) };
}

/** Ids of the largest logits, best first. */
export function mostLikely(logits: Float32Array, count: number): number[] {
  const best: number[] = [];
  if (count === 0) return best;
  for (let id = 0; id < logits.length; id++) {
    if (best.length === count && logits[id]! <= logits[best[count - 1]!]!) continue;
    let at = best.length;
    while (at > 0 && logits[best[at - 1]!]! < logits[id]!) at--;
    best.splice(at, 0, id);
    if (best.length > count) best.pop();
  }
  return best;
}
