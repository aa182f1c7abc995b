// What the scheduler's tokens per step (`stepTokens`) cost and give: a long prompt alone, and one that comes while another sequence decodes.
import { setTimeout } from 'node:timers/promises';
import { median, openEngine, prompt, rounded } from '../engines.mjs';
import { sizesOf } from './speeds.mjs';

/** More than it can write meanwhile. */
const NEIGHBOUR_TOKENS = 900;

async function prefillSeconds(engine, seed, length) {
  const started = performance.now();
  for await (const event of engine.generate({ prompt: { tokenIds: prompt(length, seed) }, maxTokens: 1, ignoreEos: true })) if (event.type === 'end') return (performance.now() - started) / 1_000;
  throw new Error('The engine gave no end.');
}

/** Reads the prompt while a neighbour decodes; also the neighbour's longest wait for a token meanwhile. */
async function besideAnother(engine, seed, length) {
  const leaving = new AbortController();
  const arrivals = [];
  const neighbour = (async () => {
    for await (const event of engine.generate({ prompt: { tokenIds: prompt(32, seed + 500) }, maxTokens: NEIGHBOUR_TOKENS, ignoreEos: true }, leaving.signal)) if (event.type === 'text') arrivals.push(performance.now());
  })().catch((error) => { if (!leaving.signal.aborted) throw error; });
  await arrival(arrivals, 3);
  const from = arrivals.length - 1;
  const time = await prefillSeconds(engine, seed, length);
  // The wait that the prompt's last chunk caused ends only now.
  await arrival(arrivals, arrivals.length);
  const gaps = arrivals.slice(from + 1).map((at, i) => at - arrivals[from + i]);
  leaving.abort();
  await neighbour;
  return { time, longest: Math.max(...gaps) };
}

/** Until more than `count` tokens have come. */
async function arrival(arrivals, count) {
  while (arrivals.length <= count) await setTimeout(1);
}

export async function measureSteps(options) {
  const { steps, rounds } = options;
  const { prefill: length } = sizesOf(options);
  const engines = [];
  for (const stepTokens of steps) engines.push({ stepTokens, engine: await openEngine({ stepTokens }), alone: [], beside: [], waits: [] });
  for (let round = -1; round < rounds; round += 1) {
    console.log(round < 0 ? '  warming up …' : `  round ${round + 1} of ${rounds} …`);
    for (const one of engines) {
      const alone = length / (await prefillSeconds(one.engine, round + 10, length));
      const { time, longest } = await besideAnother(one.engine, round + 200, length);
      if (round < 0) continue;
      one.alone.push(alone);
      one.beside.push(length / time);
      one.waits.push(longest);
    }
  }
  for (const { engine } of engines) await engine.close();
  return engines.map(({ stepTokens, alone, beside, waits }) => ({ 'tokens per step': stepTokens, 'prefill alone, tokens/s': rounded(median(alone)), 'prefill beside another, tokens/s': rounded(median(beside)), "the other's longest wait, ms": rounded(median(waits), 1) }));
}
