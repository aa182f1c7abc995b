import { LlamaCoreError } from '../errors.js';
import { loadModel, type LoadedDecoder, type LoadedEncoder, type Quantization, type QuantizationTuning } from '../runtime/load-model.js';
import { argmax } from '../sampling/sampler.js';

/** Input of {@link runModel}: token ids row by row, as a checkpoint's authors would give them. */
export interface RunModelInput {
  input_ids: number[][];
  attention_mask?: number[][];
  /** Tokens to generate greedily after each row (decoders). */
  greedy?: number;
  /** Name of the loaded adapter that each row runs through; null: none. */
  adapters?: Array<string | null>;
}

/** Rows in the order of the input. */
export interface RunModelOutput {
  /** Next-token logits [rows, vocabulary] of a decoder, label logits [rows, labels] of a classifier. */
  logits: number[][];
  greedy?: number[][];
}

/** How a model is run on token ids. */
export interface RunModelOptions {
  quantization?: Quantization;
  tuning?: QuantizationTuning;
  /** LoRA adapter (peft folder or GGUF file) to merge into the weights. */
  adapter?: string;
  /** LoRA adapters kept beside the weights, by name. */
  adapters?: Readonly<Record<string, string>>;
  /** All rows in one batch instead of one after the other. */
  batch?: boolean;
  threads?: number;
  cacheFolder?: string;
}

/** Runs a model on token ids, for comparison with other implementations. @throws LlamaCoreError `invalid_request` naming the field, or what loading throws. */
export async function runModel(path: string, input: RunModelInput, options: RunModelOptions = {}): Promise<RunModelOutput> {
  const rows = rowsOf(input);
  const { batch = false, ...load } = options;
  const model = await loadModel({ path, ...load });
  try {
    refuseForeignIds(rows, model.config.vocabSize);
    const { greedy = 0, adapters = [] } = input;
    return model.kind === 'encoder' ? await runEncoder(model, rows, batch) : await runDecoder(model, rows, { greedy, adapters, batch });
  } finally {
    await model.runner.close();
  }
}

async function runEncoder({ runner }: LoadedEncoder, rows: number[][], batch: boolean): Promise<RunModelOutput> {
  const inputs = rows.map((ids) => ({ ids, segments: ids.map(() => 0) }));
  const logits = batch ? await runner.forward(inputs) : (await sequentially(inputs, (row) => runner.forward([row]))).flat();
  return { logits: logits.map((row) => Array.from(row)) };
}

async function runDecoder(model: LoadedDecoder, rows: number[][], o: { greedy: number; adapters: Array<string | null>; batch: boolean }): Promise<RunModelOutput> {
  const groups = o.batch ? [rows.map((ids, id) => ({ id, ids }))] : rows.map((ids, id) => [{ id, ids }]);
  const logits: number[][] = [];
  const greedy: number[][] = [];
  for (const group of groups) {
    for (const { id } of group) if (typeof o.adapters[id] === 'string') model.runner.useAdapter(id, o.adapters[id]);
    const first = await sequentially(group, ({ id, ids }) => model.runner.prefill(id, ids, 'last'));
    logits.push(...first.map((row) => Array.from(row)));
    greedy.push(...(await continueGreedily(model, group.map(({ id }) => id), first, o.greedy)));
    for (const { id } of group) model.runner.release(id);
  }
  return { logits, ...(o.greedy > 0 ? { greedy } : {}) };
}

async function continueGreedily({ runner }: LoadedDecoder, ids: number[], first: Float32Array[], count: number): Promise<number[][]> {
  const answers = first.map((logits) => (count > 0 ? [argmax(logits)] : []));
  const width = runner.vocabularySize;
  for (let step = 1; step < count; step++) {
    const logits = await runner.decode(ids.map((id, i) => ({ id, token: answers[i]!.at(-1)! })));
    answers.forEach((answer, i) => { answer.push(argmax(logits.subarray(i * width, (i + 1) * width))); });
  }
  return answers;
}

/** Rows without the positions that the mask leaves out. */
function rowsOf(input: RunModelInput): number[][] {
  const { input_ids: ids, attention_mask: mask } = input;
  if (!Array.isArray(ids) || ids.length === 0 || !ids.every((row) => Array.isArray(row) && row.length > 0 && row.every((id) => Number.isInteger(id) && id >= 0)))
    throw new LlamaCoreError('invalid_request', 'input_ids: expected a list of non-empty lists of token ids.', { param: 'input_ids' });
  if (mask === undefined) return ids;
  if (!Array.isArray(mask) || mask.length !== ids.length || mask.some((row, i) => row?.length !== ids[i]!.length)) throw new LlamaCoreError('invalid_request', 'attention_mask: expected the shape of input_ids.', { param: 'attention_mask' });
  return ids.map((row, i) => row.filter((_, k) => mask[i]![k] === 1));
}

function refuseForeignIds(rows: number[][], vocabSize: number): void {
  if (rows.some((row) => row.some((id) => id >= vocabSize))) throw new LlamaCoreError('invalid_request', `input_ids: this model's token ids go from 0 to ${vocabSize - 1}.`, { param: 'input_ids' });
}

async function sequentially<Item, Result>(items: readonly Item[], run: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of items) results.push(await run(item));
  return results;
}
