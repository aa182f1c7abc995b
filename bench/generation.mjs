// Prefill and decode in tokens a second, llama-core against node-llama-cpp on the same file, interleaved round by round.
import { MAX_SEQUENCES, median, openLlamaCore, openLlamaCpp } from './engines.mjs';

const ROUNDS = 5;
const PREFILL_TOKENS = 512;
const DECODE_TOKENS = 64;
const PROMPT_TOKENS = 32;

/** Token ids that no two prompts share from the start, so that no prefix cache helps. */
const prompt = (length, seed) => Array.from({ length }, (_, i) => 1_000 + ((i * 7919 + seed * 104_729) % 40_000));

const CASES = {
  [`prefill ${PREFILL_TOKENS}`]: async (engine, round) => PREFILL_TOKENS / (await engine.prefill(prompt(PREFILL_TOKENS, round))),
  'decode, 1 sequence': async (engine, round) => DECODE_TOKENS / (await engine.decode([prompt(PROMPT_TOKENS, round)], DECODE_TOKENS)),
  [`decode, ${MAX_SEQUENCES} sequences`]: async (engine, round) =>
    (MAX_SEQUENCES * DECODE_TOKENS) / (await engine.decode(Array.from({ length: MAX_SEQUENCES }, (_, at) => prompt(PROMPT_TOKENS, round * MAX_SEQUENCES + at)), DECODE_TOKENS)),
};

export async function generation() {
  const engines = [await openLlamaCore(), await openLlamaCpp()];
  const rows = [];
  for (const [name, measure] of Object.entries(CASES)) {
    const speeds = engines.map(() => []);
    for (const engine of engines) await measure(engine, 100);
    for (let round = 0; round < ROUNDS; round += 1) for (const [at, engine] of engines.entries()) speeds[at].push(await measure(engine, round));
    const [ours, theirs] = speeds.map(median);
    rows.push({ case: name, [`${engines[0].name}, tokens/s`]: Math.round(ours), [`${engines[1].name}, tokens/s`]: Math.round(theirs), ratio: Number((ours / theirs).toFixed(2)) });
  }
  for (const engine of engines) await engine.close();
  return rows;
}
