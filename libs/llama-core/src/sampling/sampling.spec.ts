import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tokenLogprobs } from './logprobs.js';
import { Sampler, type SamplingSettings } from './sampler.js';
import { StopStrings } from './stop-strings.js';

const plain: SamplingSettings = { temperature: 1, topP: 1, topK: 0, minP: 0, repetitionPenalty: 1, frequencyPenalty: 0, presencePenalty: 0, seed: 7 };
const logits = Float32Array.from([0, 1, 2, 3]);

function shares(settings: SamplingSettings, draws = 20_000): number[] {
  const sampler = new Sampler(settings, []);
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < draws; i++) counts[sampler.choose(logits)]! += 1;
  return counts.map((count) => count / draws);
}

describe('Sampler', () => {
  it('draws with the softmax probabilities', () => {
    const expected = [0.0321, 0.0871, 0.2369, 0.6439];
    shares(plain).forEach((share, i) => { expect(share).toBeCloseTo(expected[i]!, 1.7); });
  });

  it('is greedy at temperature 0 and repeats itself with the same seed', () => {
    expect(shares({ ...plain, temperature: 0 }, 10)).toEqual([0, 0, 0, 1]);
    const run = () => Array.from({ length: 50 }, ((sampler) => () => sampler.choose(logits))(new Sampler(plain, [])));
    expect(run()).toEqual(run());
  });

  it('keeps only what top-k, top-p and min-p leave', () => {
    expect(shares({ ...plain, topK: 1 })[3]).toBe(1);
    expect(shares({ ...plain, topP: 0.6 })[3]).toBe(1);
    expect(shares({ ...plain, topP: 0.65 }).slice(0, 2)).toEqual([0, 0]);
    expect(shares({ ...plain, minP: 0.2 }).slice(0, 2)).toEqual([0, 0]);
  });

  it('adds biases after the penalties', () => {
    const biased = (bias: Array<[number, number]>, rest: object = {}) => new Sampler({ ...plain, temperature: 0, logitBias: new Map(bias), ...rest }, [3]).choose(logits);
    expect(biased([[3, -100]])).toBe(2);
    expect(biased([[0, 100]])).toBe(0);
    expect(biased([[3, 0.6]], { repetitionPenalty: 2 })).toBe(3);
    expect(biased([[3, 0.4]], { repetitionPenalty: 2 })).toBe(2);
  });

  // softmax(logits) has entropy 0.948 nats; the information of its tokens is 3.44, 2.44, 1.44, 0.44: nearest first 2 (0.49 away), 3 (0.51), 1, 0.
  it('keeps the most typical tokens', () => {
    expect(shares({ ...plain, typicalP: 0.2 })).toEqual([0, 0, 1, 0]);
    const two = shares({ ...plain, typicalP: 0.5 });
    expect(two.slice(0, 2)).toEqual([0, 0]);
    expect(two[3]).toBeCloseTo(0.6439 / (0.6439 + 0.2369), 1.7);
  });

  it('chooses only what a constraint allows, and says when that is nothing', () => {
    const accepted: number[] = [];
    const constraint = { allowed: () => Uint32Array.of(0b0110), permits: (id: number) => id === 1 || id === 2, accept: (id: number) => { accepted.push(id); } };
    expect(new Sampler({ ...plain, temperature: 0 }, [], constraint).choose(logits)).toBe(2);
    const sampler = new Sampler(plain, [], constraint);
    expect(new Set(Array.from({ length: 200 }, () => sampler.choose(logits)))).toEqual(new Set([1, 2]));
    expect(accepted).toHaveLength(201);
    for (const temperature of [0, 1]) expect(() => new Sampler({ ...plain, temperature }, [], { ...constraint, allowed: () => Uint32Array.of(0), permits: () => false }).choose(logits)).toThrow(expect.objectContaining({ code: 'invalid_request', param: 'responseFormat' }));
  });

  it('penalises as transformers does', () => {
    const sampler = new Sampler({ ...plain, temperature: 0, repetitionPenalty: 2 }, [3]);
    expect(sampler.choose(logits)).toBe(2);
    const counted = new Sampler({ ...plain, temperature: 0, frequencyPenalty: 0.6 }, []);
    expect([0, 0, 0, 0].map(() => counted.choose(logits))).toEqual([3, 3, 2, 3]);
  });
});

describe('tokenLogprobs', () => {
  it('equals log-softmax', () => {
    const { logprob, top } = tokenLogprobs(logits, 2, 2);
    expect(logprob).toBeCloseTo(-1.4402, 4);
    expect(top.map((token) => token.id)).toEqual([3, 2]);
    expect(top[0]!.logprob).toBeCloseTo(-0.4402, 4);
  });
});

describe('StopStrings', () => {
  it('gives the text before the first stop, however it is cut into pieces', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'b', 'ab', 'ba', 'abc', ''), { maxLength: 12 }), (pieces) => {
        const stops = new StopStrings(['abb', 'bc']);
        const out = pieces.map((piece) => stops.push(piece)).join('') + stops.flush();
        const whole = pieces.join('');
        const at = [whole.indexOf('abb'), whole.indexOf('bc')].filter((place) => place >= 0);
        if (at.length === 0) expect(out).toBe(whole);
        else expect(whole.startsWith(out) && stops.stopped).toBe(true);
        expect(out).not.toMatch(/abb|bc/);
      }),
    );
  });
});
