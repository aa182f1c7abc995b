// Prefill and decode in tokens a second, all engines on one file, interleaved round by round; the median counts.
import { MAX_SEQUENCES, median, openLlamaCore, openLlamaCpp, prompt, rounded } from '../engines.mjs';

const PROMPT_TOKENS = 32;
export const PREFILL_TOKENS = 512;

/** What is measured, and the ratio over llama.cpp that is wanted. `sizes`: tokens read and written. */
const CASES = {
  decode: { title: 'decode, 1 sequence', measure: (engine, round, { decode }) => rate(decode, engine.decode([prompt(PROMPT_TOKENS, round)], decode)) },
  decode8: { title: `decode, ${MAX_SEQUENCES} sequences`, measure: (engine, round, { decode }) => rate(MAX_SEQUENCES * decode, engine.decode(Array.from({ length: MAX_SEQUENCES }, (_, at) => prompt(PROMPT_TOKENS, round * MAX_SEQUENCES + at)), decode)) },
  prefill: { title: `prefill, ${PREFILL_TOKENS} tokens`, measure: (engine, round, { prefill }) => rate(prefill, engine.prefill(prompt(prefill, round))) },
};

const rate = async (tokens, time) => tokens / (await time);

/** Medians by engine name and case, in tokens a second. */
export async function measureSpeeds({ path, quantizations }, { quick, rounds }) {
  const sizes = quick ? { decode: 12, prefill: 128 } : { decode: 64, prefill: PREFILL_TOKENS };
  const engines = [await openLlamaCpp(path)];
  for (const quantization of quantizations) engines.push(await openLlamaCore({ model: path, quantization }));
  const speeds = Object.fromEntries(engines.map(({ name }) => [name, {}]));
  for (const [key, { title, measure }] of Object.entries(CASES)) {
    console.log(`  ${title} …`);
    const all = engines.map(() => []);
    for (const engine of engines) await measure(engine, 100, sizes);
    for (let round = 0; round < rounds; round += 1) for (const at of order(engines.length, round)) all[at].push(await measure(engines[at], round, sizes));
    for (const [at, { name }] of engines.entries()) speeds[name][key] = { median: median(all[at]), least: Math.min(...all[at]), most: Math.max(...all[at]) };
  }
  for (const engine of engines) await engine.close();
  return speeds;
}

/** Every other round goes backwards, so that nobody always comes after the same one. */
const order = (count, round) => Array.from({ length: count }, (_, at) => (round % 2 === 0 ? at : count - 1 - at));

/** Rows of the table: each of ours beside llama.cpp, the target, and both errors. */
export function speedRows(file, speeds, errors, targets) {
  const peer = speeds['llama.cpp'];
  return Object.entries(CASES).flatMap(([key, { title }]) =>
    Object.keys(speeds).filter((name) => name !== 'llama.cpp').map((name) => {
      const ratio = speeds[name][key].median / peer[key].median;
      return {
        file, case: title, engine: name, 'tokens/s': rounded(speeds[name][key].median), 'llama.cpp, tokens/s': rounded(peer[key].median), ratio: rounded(ratio, 2), target: targets[key], met: ratio >= targets[key],
        KL: rounded(errors[name].kl, 4), "llama.cpp's KL": rounded(errors['llama.cpp'].kl, 4),
      };
    }),
  );
}
