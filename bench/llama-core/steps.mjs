// What the scheduler's tokens per step (`stepTokens`) cost and give: a long prompt alone, and one that comes while another sequence decodes.
import { median, openEngine, prompt, rounded } from '../engines.mjs';
import { PREFILL_TOKENS } from './speeds.mjs';

const NEIGHBOUR_TOKENS = 400;

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
  while (arrivals.length < 4) await new Promise((resolve) => setTimeout(resolve, 1));
  const from = arrivals.length - 1;
  const time = await prefillSeconds(engine, seed, length);
  const gaps = arrivals.slice(from + 1).map((at, i) => at - arrivals[from + i]);
  leaving.abort();
  await neighbour;
  return { time, longest: Math.max(...gaps) };
}

export async function measureSteps({ steps, rounds, quick }) {
  const length = quick ? 128 : PREFILL_TOKENS;
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
