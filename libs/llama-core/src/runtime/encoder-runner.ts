import { LlamaCoreError } from '../errors.js';
import type { EncoderConfig } from '../model/encoder-config.js';
import { floatsOf, int32Tensor, int64Tensor, OrtSession } from './ort-session.js';

/** One row of an encoder batch: ids with the segment (0 or 1) of each. */
export interface EncoderRow {
  ids: readonly number[];
  segments: readonly number[];
}

/** What a classifier says of one row: logits [labels], and on request the vector [hidden] that they are read from. */
export interface EncoderOutput {
  logits: Float32Array;
  embedding?: Float32Array;
}

/** Runs a sequence classifier. */
export class EncoderRunner {
  private constructor(
    private readonly session: OrtSession,
    private readonly config: EncoderConfig,
  ) {}

  static async open(file: string, config: EncoderConfig, threads: number): Promise<EncoderRunner> {
    return new EncoderRunner(await OrtSession.open(file, { threads, spinning: false }), config);
  }

  /** True when {@link embed} works. */
  get embeds(): boolean {
    return this.session.outputNames.includes('embedding');
  }

  /** Logits [labels] of each row; rows are right-padded to the longest. */
  async forward(rows: readonly EncoderRow[]): Promise<Float32Array[]> {
    return (await this.outputs(rows, ['logits'])).map(({ logits }) => logits);
  }

  /** Logits and embeddings of each row. */
  embed(rows: readonly EncoderRow[]): Promise<EncoderOutput[]> {
    return this.outputs(rows, ['logits', 'embedding']);
  }

  private async outputs(rows: readonly EncoderRow[], names: string[]): Promise<EncoderOutput[]> {
    const width = rows.reduce((longest, row) => Math.max(longest, row.ids.length), 1);
    if (width > this.config.maxTokens) throw new LlamaCoreError('context_length_exceeded', `The text would have ${width} tokens; at most ${this.config.maxTokens} fit.`);
    const shape = [rows.length, width];
    const padded = (valuesOf: (row: EncoderRow) => readonly number[]) => rows.flatMap((row) => [...valuesOf(row), ...new Array<number>(width - row.ids.length).fill(0)]);
    const outputs = await this.session.run({
      input_ids: int64Tensor(padded((row) => row.ids), shape),
      ...(this.config.family === 'bert' ? { token_type_ids: int64Tensor(padded((row) => row.segments), shape) } : {}),
      attention_mask: int32Tensor(padded((row) => row.ids.map(() => 1)), shape),
    }, names);
    const rowOf = (name: string, columns: number, i: number) => floatsOf(outputs[name]).slice(i * columns, (i + 1) * columns);
    return rows.map((_, i) => ({ logits: rowOf('logits', this.config.labels.length, i), ...(names.includes('embedding') ? { embedding: rowOf('embedding', this.config.hiddenSize, i) } : {}) }));
  }

  close(): Promise<void> {
    return this.session.close();
  }
}
