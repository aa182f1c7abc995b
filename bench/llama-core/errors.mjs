// How near the engines stay to float32: each one's next-token distribution along the golden rows (a prompt and the reference's greedy tokens, teacher-forced)
// against that of the float32 graph of the same file. That graph itself is checked against transformers, by the log-probabilities in the fixture.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../tools/bootstrap.mjs';
import { CONTEXT, graphFolder, openLlamaCpp, rounded, THREADS } from '../engines.mjs';

const FIXTURE = join(root, 'libs', 'llama-core', 'fixtures', 'smollm2-135m-instruct.json');
const TOP = 20;

/** Log-probabilities [step][vocabulary] after the prompt and each greedy token, for every row. */
async function oursOf(path, quantization, rows) {
  const { loadDecoder } = await import('../../libs/llama-core/dist/runtime/load-model.js');
  const { runner } = await loadDecoder({ path, quantization, threads: THREADS, contextTokens: CONTEXT, cacheFolder: graphFolder });
  const width = runner.vocabularySize;
  const all = [];
  for (const row of rows) {
    const logits = await runner.prefill(1, idsOf(row), row.greedy.length);
    runner.release(1);
    all.push(row.greedy.map((_, at) => logSoftmax(logits.slice(at * width, (at + 1) * width))));
  }
  await runner.close();
  return all;
}

async function theirsOf(path, rows) {
  const engine = await openLlamaCpp(path);
  const ask = { generateNext: { logits: true, options: { temperature: 0 } } };
  const all = [];
  for (const row of rows) {
    await engine.sequence.clearHistory();
    const answers = await engine.sequence.controlledEvaluate(idsOf(row).map((id, at) => (at < row.input_ids.length - 1 ? id : [id, ask])));
    all.push(answers.slice(row.input_ids.length - 1).map(({ next }) => logSoftmax(denseOf(next.logits))));
  }
  await engine.close();
  return all;
}

const idsOf = (row) => [...row.input_ids, ...row.greedy.slice(0, -1)];

function denseOf(logits) {
  const dense = new Float32Array(logits.size);
  for (const [id, value] of logits) dense[id] = value;
  return dense;
}

function logSoftmax(logits) {
  let most = Number.NEGATIVE_INFINITY;
  for (const value of logits) if (value > most) most = value;
  let sum = 0;
  for (const value of logits) sum += Math.exp(value - most);
  const shift = most + Math.log(sum);
  return logits.map((value) => value - shift);
}

/** Means over all steps: KL(reference ‖ engine) in nats, |Δ log-probability| of the reference's most likely tokens, and how often the most likely token is the same. */
function compare(reference, engine) {
  const steps = reference.flatMap((row, at) => row.map((expected, step) => [expected, engine[at][step]]));
  const mean = (of) => steps.reduce((sum, [expected, found]) => sum + of(expected, found), 0) / steps.length;
  return { kl: mean(divergence), delta: mean(topDelta), agreement: mean((expected, found) => Number(mostLikely(expected, 1)[0] === mostLikely(found, 1)[0])), steps: steps.length };
}

const divergence = (expected, found) => expected.reduce((sum, logprob, id) => sum + Math.exp(logprob) * (logprob - found[id]), 0);
const topDelta = (expected, found) => mostLikely(expected, TOP).reduce((sum, id) => sum + Math.abs(expected[id] - found[id]), 0) / TOP;

function mostLikely(logprobs, count) {
  if (count === 1) return [logprobs.indexOf(logprobs.reduce((a, b) => Math.max(a, b)))];
  return Array.from(logprobs.keys()).sort((a, b) => logprobs[b] - logprobs[a]).slice(0, count);
}

/** Mean |Δ log-probability| against transformers, of its most likely tokens after each prompt. */
function goldenDelta(rows, engine) {
  const deltas = rows.flatMap((row, at) => row.top_ids.map((id, i) => Math.abs(engine[at][0][id] - row.top_logprobs[i])));
  return deltas.reduce((sum, delta) => sum + delta, 0) / deltas.length;
}

/** Errors by engine name. `isGolden`: the file is the one that the fixture was made from. */
export async function measureErrors({ path, quantizations, isGolden }, { quick }) {
  console.log('  errors against float32 …');
  const { rows: all } = JSON.parse(readFileSync(FIXTURE, 'utf8'));
  const rows = quick ? all.slice(0, 1) : all;
  const reference = await oursOf(path, 'none', rows);
  const found = { 'llama-core float32': reference, 'llama.cpp': await theirsOf(path, rows) };
  for (const quantization of quantizations) found[`llama-core ${quantization}`] = await oursOf(path, quantization, rows);
  return Object.fromEntries(Object.entries(found).map(([name, engine]) => [name, { ...compare(reference, engine), ...(isGolden ? { golden: goldenDelta(rows, engine) } : {}) }]));
}

export const errorRows = (file, errors) =>
  Object.entries(errors).map(([engine, { kl, delta, agreement, steps, golden }]) => ({
    file, engine, 'mean KL, nats': rounded(kl, 5), [`mean |Δ log p|, top ${TOP}`]: rounded(delta, 3), 'same argmax, %': rounded(100 * agreement, 1), steps, ...(golden === undefined ? {} : { '|Δ log p| to transformers': rounded(golden, 4) }),
  }));
