import { LlamaCoreError } from '../errors.js';
import { isAllowed, type TokenConstraint } from './constraint/token-constraint.js';
import { SeededRandom } from './random.js';

/** Sampling settings; `temperature` 0 takes the most likely token. Names and maths as in transformers' logits processors. */
export interface SamplingSettings {
  temperature: number;
  topP: number;
  /** 0: no limit. */
  topK: number;
  minP: number;
  /** Keeps the tokens whose information is nearest to the distribution's entropy until their share reaches this (locally typical sampling); absent or 1: off. */
  typicalP?: number;
  /** Divides positive and multiplies negative logits of tokens seen in prompt or answer; 1: off. */
  repetitionPenalty: number;
  /** Subtracted from a logit once per occurrence in the answer. */
  frequencyPenalty: number;
  /** Subtracted once when the token occurs in the answer at all. */
  presencePenalty: number;
  /** Token id → number added to its logit after the penalties. */
  logitBias?: ReadonlyMap<number, number>;
  seed: number;
}

interface Candidate {
  id: number;
  weight: number;
}

/**
 * Chooses the tokens of one sequence. In this order: penalties, bias, constraint; then the most likely token, or temperature, top-k, top-p, typical-p,
 * min-p and a draw. Equal seeds, settings and logits give equal tokens on every machine.
 */
export class Sampler {
  private readonly random: SeededRandom;
  private readonly seen = new Set<number>();
  private readonly counts = new Map<number, number>();

  constructor(
    private readonly settings: SamplingSettings,
    promptTokens: readonly number[],
    private readonly constraint?: TokenConstraint,
  ) {
    this.random = new SeededRandom(settings.seed);
    if (settings.repetitionPenalty !== 1) for (const id of promptTokens) this.seen.add(id);
  }

  /** Chooses from logits [vocabulary], which it leaves as they are. @throws LlamaCoreError `invalid_request` when the vocabulary cannot spell what the constraint wants. */
  choose(logits: Float32Array): number {
    const adjusted = this.adjusted(logits);
    const id = this.settings.temperature === 0 ? this.mostLikely(adjusted) : this.draw(candidates(this.constrained(adjusted), this.settings));
    if (adjusted[id] === Number.NEGATIVE_INFINITY) throw new LlamaCoreError('invalid_request', 'No token of this model can go on as the response format wants.', { param: 'responseFormat' });
    this.seen.add(id);
    this.counts.set(id, (this.counts.get(id) ?? 0) + 1);
    this.constraint?.accept(id);
    return id;
  }

  /** The logits as they are, or a copy that may be changed. */
  private adjusted(logits: Float32Array): Float32Array {
    const { repetitionPenalty, frequencyPenalty, presencePenalty, logitBias } = this.settings;
    const penalised = repetitionPenalty !== 1 || frequencyPenalty !== 0 || presencePenalty !== 0;
    if (!penalised && !logitBias && !this.constraint) return logits;
    const out = logits.slice();
    if (repetitionPenalty !== 1) for (const id of this.seen) out[id] = out[id]! > 0 ? out[id]! / repetitionPenalty : out[id]! * repetitionPenalty;
    for (const [id, count] of this.counts) out[id]! -= count * frequencyPenalty + presencePenalty;
    for (const [id, bias] of logitBias ?? []) out[id]! += bias;
    return out;
  }

  private constrained(logits: Float32Array): Float32Array {
    if (this.constraint) forbid(logits, this.constraint.allowed());
    return logits;
  }

  /** What the model likes best is mostly allowed, and asking about a few tokens is cheaper than about all. */
  private mostLikely(logits: Float32Array): number {
    if (!this.constraint) return argmax(logits);
    for (let tries = 0; tries < TRIES; tries++) {
      const id = argmax(logits);
      if (this.constraint.permits(id)) return id;
      logits[id] = Number.NEGATIVE_INFINITY;
    }
    return argmax(this.constrained(logits));
  }

  private draw(kept: Candidate[]): number {
    const total = kept.reduce((sum, candidate) => sum + candidate.weight, 0);
    let left = this.random.next() * total;
    for (const candidate of kept) {
      left -= candidate.weight;
      if (left < 0) return candidate.id;
    }
    return kept[0]!.id;
  }
}

export function argmax(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

/** Tokens asked about one by one. */
const TRIES = 8;

function forbid(logits: Float32Array, allowed: Uint32Array): void {
  for (let id = 0; id < logits.length; id++) if (!isAllowed(allowed, id)) logits[id] = Number.NEGATIVE_INFINITY;
}

/** Tokens less likely than e^-20 times the best cannot change a draw noticeably, and sorting all of them would cost more than the model. */
const NEGLIGIBLE = 20;

/** Temperature, then top-k, top-p, typical-p and min-p, most likely first. Weights are relative to the best token. */
function candidates(logits: Float32Array, s: SamplingSettings): Candidate[] {
  const best = logits[argmax(logits)]!;
  if (best === Number.NEGATIVE_INFINITY) return [{ id: 0, weight: 1 }];
  const floor = best - NEGLIGIBLE * s.temperature;
  let kept: Candidate[] = [];
  for (let id = 0; id < logits.length; id++) if (logits[id]! >= floor) kept.push({ id, weight: Math.exp((logits[id]! - best) / s.temperature) });
  kept.sort((a, b) => b.weight - a.weight || a.id - b.id);
  if (s.topK > 0) kept = kept.slice(0, s.topK);
  if (s.topP < 1) kept = nucleus(kept, s.topP);
  if (s.typicalP !== undefined && s.typicalP < 1) kept = typical(kept, s.typicalP);
  return s.minP > 0 ? kept.filter((candidate) => candidate.weight >= s.minP) : kept;
}

/** The smallest set of most likely tokens whose share reaches `topP`; always at least one. */
function nucleus(sorted: Candidate[], topP: number): Candidate[] {
  const target = topP * sorted.reduce((sum, candidate) => sum + candidate.weight, 0);
  let sum = 0;
  const end = sorted.findIndex((candidate) => {
    sum += candidate.weight;
    return sum >= target;
  });
  return sorted.slice(0, end < 0 ? sorted.length : end + 1);
}

/** Those whose −log p is nearest to the entropy, until their share reaches `typicalP`; always at least one. */
function typical(sorted: Candidate[], typicalP: number): Candidate[] {
  const total = sorted.reduce((sum, { weight }) => sum + weight, 0);
  const information = ({ weight }: Candidate) => Math.log(total / weight);
  const entropy = sorted.reduce((sum, candidate) => sum + (candidate.weight / total) * information(candidate), 0);
  const nearest = sorted.toSorted((a, b) => Math.abs(information(a) - entropy) - Math.abs(information(b) - entropy));
  return nucleus(nearest, typicalP).sort((a, b) => b.weight - a.weight || a.id - b.id);
}
