// Prefill and decode in tokens a second, all engines on one file, interleaved round by round; the median counts.
import { setTimeout } from 'node:timers/promises';
import { MAX_SEQUENCES, median, openLlamaCore, openLlamaCpp, prompt, rounded } from '../engines.mjs';

const PROMPT_TOKENS = 32;
const SETTLE_MS = 50;

/** Tokens that are read and written. */
export const sizesOf = ({ quick }) => (quick ? { decode: 12, prefill: 128 } : { decode: 64, prefill: 512 });

/** What is measured, in tokens a second. */
const CASES = {
  decode: { title: 'decode, 1 sequence', measure: (engine, round, { decode }) => rate(decode, engine.decode([prompt(PROMPT_TOKENS, round)], decode)) },
  decode8: { title: `decode, ${MAX_SEQUENCES} sequences`, measure: (engine, round, { decode }) => rate(MAX_SEQUENCES * decode, engine.decode(Array.from({ length: MAX_SEQUENCES }, (_, at) => prompt(PROMPT_TOKENS, round * MAX_SEQUENCES + at)), decode)) },
  prefill: { title: 'prefill', measure: (engine, round, { prefill }) => rate(prefill, engine.prefill(prompt(prefill, round))) },
};

const rate = async (tokens, time) => tokens / (await time);

/** Medians by engine name and case, in tokens a second. */
export async function measureSpeeds({ path, quantizations }, options) {
  const sizes = sizesOf(options);
  const { rounds } = options;
  const engines = [await openLlamaCpp(path)];
  for (const quantization of quantizations) engines.push(await openLlamaCore({ model: path, quantization }));
  const speeds = Object.fromEntries(engines.map(({ name }) => [name, {}]));
  for (const [key, { title, measure }] of Object.entries(CASES)) {
    console.log(`  ${title} …`);
    const all = engines.map(() => []);
    for (const engine of engines) await measure(engine, 100, sizes);
    for (let round = 0; round < rounds; round += 1)
      for (const at of order(engines.length, round)) {
        // Threads of the engine before spin for a while after its work.
        await setTimeout(SETTLE_MS);
        all[at].push(await measure(engines[at], round, sizes));
      }
    for (const [at, { name }] of engines.entries()) speeds[name][key] = { median: median(all[at]), least: Math.min(...all[at]), most: Math.max(...all[at]) };
  }
  for (const engine of engines) await engine.close();
  return speeds;
}

/** Every other round goes backwards, so that nobody always comes after the same one. */
export const order = (count, round) => Array.from({ length: count }, (_, at) => (round % 2 === 0 ? at : count - 1 - at));

/** Rows of the table: each of ours beside llama.cpp, the ratio wanted, and both errors. */
export function speedRows(file, speeds, errors, { targets, verdict }) {
  const peer = speeds['llama.cpp'];
  const row = (key, engine) => {
    const ratio = speeds[engine][key].median / peer[key].median;
    const { kl } = errors[engine];
    return {
      file, case: CASES[key].title, engine, 'tokens/s': spread(speeds[engine][key]), 'llama.cpp, tokens/s': spread(peer[key]), ratio: rounded(ratio, 2), target: targets[key], met: verdict(ratio >= targets[key]),
      KL: rounded(kl, 4), "llama.cpp's KL": rounded(errors['llama.cpp'].kl, 4), 'error no worse': kl <= errors['llama.cpp'].kl,
    };
  };
  const ours = Object.keys(speeds).filter((name) => name !== 'llama.cpp');
  return Object.keys(CASES).flatMap((key) => ours.map((engine) => row(key, engine)));
}

const spread = ({ median: middle, least, most }) => `${rounded(middle)} (${rounded(least)}–${rounded(most)})`;
