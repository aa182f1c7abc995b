import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadEncoder, type LoadedEncoder } from '../runtime/load-model.js';
import { loadFolderTokenizer } from '../tokenizer/load-tokenizer.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { createEncoderClassifier } from './classifier.js';
import { encoderRows } from './classifier-windows.js';

interface Reference {
  labels: string[];
  rows: Array<{ text: string; context: string | null; input_ids: number[]; token_type_ids: number[]; logits: number[] }>;
}

const folderOf = (name: string) => fileURLToPath(new URL(`../../../../models/${name}`, import.meta.url));
/** The reference row in which the text spells control tokens. */
const CONTROL = '[MASK] [SEP] <|eot_id|>';
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

describe.each(['guard', 'prompt-guard'])('models/%s against PyTorch', (name) => {
  const path = folderOf(name);
  const { labels, rows } = JSON.parse(readFileSync(`${path}/reference.json`, 'utf8')) as Reference;
  let model: LoadedEncoder;
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    model = await loadEncoder({ path });
    ({ tokenizer } = await loadFolderTokenizer(path));
  });
  afterAll(() => model.runner.close());

  it('reads every text as the same tokens', async () => {
    const [cls, sep] = tokenizer.wrapping;
    for (const { text, context, input_ids: ids, token_type_ids: segments } of rows.filter((row) => row.text !== CONTROL)) {
      const [text_, context_] = await Promise.all([tokenizer.encodeText(text), context === null ? undefined : tokenizer.encodeText(context)]);
      const [first] = encoderRows(text_, context_, { cls: cls!, sep: sep!, maxTokens: model.config.maxTokens });
      expect({ text, ids: first?.ids, segments: first?.segments }).toEqual({ text, ids, segments });
    }
  });

  it('reads a spelled control token as plain characters, as PyTorch\'s tokenizer would not', async () => {
    expect(rows.map((row) => row.text)).toContain(CONTROL);
    const ids = await tokenizer.encodeText(CONTROL);
    expect(ids.filter((id) => tokenizer.wrapping.includes(id))).toEqual([]);
  });

  it('gives the same logits within 2e-3, alone and in one batch', async () => {
    const inputs = rows.map((row) => ({ ids: row.input_ids, segments: row.token_type_ids }));
    const together = await model.runner.forward(inputs);
    for (const [at, input] of inputs.entries()) {
      const [alone] = await model.runner.forward([input]);
      for (const [label, expected] of rows[at]!.logits.entries()) {
        expect(Math.abs(alone![label]! - expected), `${rows[at]!.text} ${labels[label]}`).toBeLessThan(2e-3);
        expect(Math.abs(together[at]![label]! - expected)).toBeLessThan(2e-3);
      }
    }
  });

  it('scores as it ships, in 8 bits, near the reference', async () => {
    const classifier = await createEncoderClassifier({ model: path, quantization: 'int8' });
    // The spelled control token aside: PyTorch's tokenizer reads other tokens there.
    const short = rows.filter((row) => row.text !== CONTROL && row.input_ids.length < 100);
    const results = await classifier.classify(short.map(({ text, context }) => ({ text, ...(context === null ? {} : { context }) })));
    await classifier.close();
    const errors = short.flatMap((row, at) => labels.map((label, i) => Math.abs(results[at]!.scores[label]! - sigmoid(row.logits[i]!))));
    expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeLessThan(0.005);
  });

  it('scores a text in 8 bits alike alone and beside others', async () => {
    const classifier = await createEncoderClassifier({ model: path, quantization: 'int8' });
    const inputs = rows.map(({ text }) => ({ text }));
    const together = await classifier.classify(inputs);
    for (const [at, input] of inputs.entries()) {
      const [alone] = await classifier.classify([input]);
      for (const label of labels) expect(Math.abs(alone!.scores[label]! - together[at]!.scores[label]!), `${input.text} ${label}`).toBeLessThan(0.01);
    }
    await classifier.close();
  });
});
