// How near both engines stay to transformers in float32 on the golden rows: argmax along the reference's greedy tokens, and the
// log-probabilities of its 20 most likely next tokens.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../tools/bootstrap.mjs';
import { modelPath, openLlamaCpp, THREADS } from './engines.mjs';

const { rows } = JSON.parse(readFileSync(join(root, 'libs', 'llama-core', 'fixtures', 'smollm2-135m-instruct.json'), 'utf8'));

class Tally {
  agreed = 0;
  tokens = 0;
  error = 0;
  logprobs = 0;

  /** `choices`: the engine's most likely token at each step; `logprobOf`: its log-probability of a next token. */
  add(row, choices, logprobOf) {
    this.agreed += row.greedy.filter((id, at) => choices[at] === id).length;
    this.tokens += row.greedy.length;
    for (const [at, id] of row.top_ids.entries()) this.error += Math.abs(logprobOf(id) - row.top_logprobs[at]);
    this.logprobs += row.top_ids.length;
  }

  row(engine) {
    return { engine, 'teacher-forced agreement, %': Number(((100 * this.agreed) / this.tokens).toFixed(1)), 'mean |Δ log-probability|': Number((this.error / this.logprobs).toFixed(3)) };
  }
}

async function ours(quantization) {
  const { loadDecoder } = await import('../libs/llama-core/dist/runtime/load-model.js');
  const { tokenLogprobs } = await import('../libs/llama-core/dist/sampling/logprobs.js');
  const { argmax } = await import('../libs/llama-core/dist/sampling/sampler.js');
  const model = await loadDecoder({ path: modelPath, quantization, threads: THREADS, cacheFolder: join(root, '.sallyport', 'graphs') });
  const width = model.runner.vocabularySize;
  const tally = new Tally();
  for (const row of rows) {
    const logits = await model.runner.prefill(1, [...row.input_ids, ...row.greedy.slice(0, -1)], 'all');
    model.runner.release(1);
    const step = (at) => logits.subarray((row.input_ids.length - 1 + at) * width, (row.input_ids.length + at) * width);
    tally.add(row, row.greedy.map((_, at) => argmax(step(at))), (id) => tokenLogprobs(step(0), id, 0).logprob);
  }
  await model.runner.close();
  return tally.row(`llama-core ${quantization === 'none' ? 'float32' : quantization}`);
}

async function theirs() {
  const engine = await openLlamaCpp();
  const tally = new Tally();
  for (const row of rows) {
    await engine.sequence.clearHistory();
    const ask = [{ generateNext: { token: true, probabilities: true, options: { temperature: 0 } } }];
    const ids = [...row.input_ids, ...row.greedy.slice(0, -1)];
    const answers = await engine.sequence.controlledEvaluate(ids.map((id, at) => (at < row.input_ids.length - 1 ? id : [id, ask[0]])));
    const steps = answers.slice(row.input_ids.length - 1);
    const probabilities = steps[0].next.probabilities;
    tally.add(row, steps.map((step) => step.next.token), (id) => Math.log(probabilities.get(id) ?? Number.MIN_VALUE));
  }
  await engine.close();
  return tally.row(engine.name);
}

export const accuracy = async () => [await ours('none'), await ours('int8'), await theirs()];
