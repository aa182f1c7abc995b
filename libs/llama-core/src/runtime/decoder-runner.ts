import { LlamaCoreError } from '../errors.js';
import type { DecoderConfig } from '../model/decoder-config.js';
import type { AdapterSelection } from './adapter-selection.js';
import { FreshRows } from './fresh-rows.js';
import { KvBlocks } from './kv-blocks.js';
import { KvBatch, type KvShape } from './kv-cache.js';
import { type Feeds, type Fetches, floatsOf, int32Tensor, int64Tensor, OrtSession } from './ort-session.js';

interface Sequence {
  length: number;
  batch: KvBatch;
}

/** Tokens behind the end of a sequence that are not worth a copy: about the instructions that follow a conversation in a Llama Guard prompt. */
const CHEAP_TO_KEEP_TOKENS = 128;

/** Whose logits are wanted: the last token's, everybody's, nobody's, or those of so many from the end. */
export type WantedLogits = 'last' | 'all' | 'none' | number;

interface Run {
  ids: Feeds[string];
  /** Tokens of each row when the run is over. */
  lengths: number[];
  logitRows: number[];
}

/** Runs a decoder graph over many sequences, each known by a number, and keeps their keys and values. */
export class DecoderRunner {
  private readonly sequences = new Map<number, Sequence>();
  private readonly shape: KvShape;
  private readonly cacheNames: string[];
  private readonly wholeCache: string[];
  private readonly blocks: KvBlocks;
  /** Undefined for graphs that give the whole cache back in every step. */
  private readonly fresh: FreshRows | undefined;

  private constructor(
    private readonly session: OrtSession,
    private readonly config: DecoderConfig,
    /** Longest sequence in tokens. */
    readonly maxTokens: number,
    private readonly adapters: AdapterSelection | undefined,
  ) {
    this.shape = { tensors: config.layers * 2, kvHeads: config.kvHeads, headDim: config.headDim };
    this.blocks = new KvBlocks(this.shape);
    this.cacheNames = Array.from({ length: this.shape.tensors }, (_, i) => `${i >> 1}.${i % 2 === 0 ? 'key' : 'value'}`);
    this.wholeCache = ['logits', ...this.cacheNames.map((name) => `present.${name}`)];
    const fresh = new FreshRows(config);
    this.fresh = fresh.names.every((name) => session.outputNames.includes(name)) ? fresh : undefined;
  }

  static async open(file: string, config: DecoderConfig, options: { threads: number; maxTokens: number; adapters?: AdapterSelection | undefined }): Promise<DecoderRunner> {
    return new DecoderRunner(await OrtSession.open(file, { threads: options.threads, spinning: true }), config, options.maxTokens, options.adapters);
  }

  lengthOf(id: number): number {
    return this.sequences.get(id)?.length ?? 0;
  }

  /** Bytes of keys and values per token of context. */
  get kvBytesPerToken(): number {
    return this.shape.tensors * this.shape.kvHeads * this.shape.headDim * 4;
  }

  /** Bytes of keys and values in memory: of sequences with the padding between them, and of the prefix cache. */
  get heldBytes(): number {
    let bytes = this.blocks.byteLength;
    for (const batch of new Set(Array.from(this.sequences.values(), (sequence) => sequence.batch))) bytes += batch.byteLength;
    return bytes;
  }

  /** From now on the sequence runs through this adapter; to be said before its first token, again after a release. @throws LlamaCoreError `invalid_request` when none of that name is loaded. */
  useAdapter(id: number, name: string): void {
    if (!this.adapters) throw new LlamaCoreError('invalid_request', 'adapter: no adapter is loaded beside this model.', { param: 'adapter' });
    this.adapters.use(id, name);
  }

  /** Appends tokens to one sequence, which may run through an adapter. Returns logits [rows, vocabulary] of the tokens wanted. */
  async prefill(id: number, tokens: readonly number[], want: WantedLogits, adapter?: string): Promise<Float32Array> {
    if (adapter !== undefined) this.useAdapter(id, adapter);
    const total = this.lengthOf(id) + tokens.length;
    this.refuseTooLong(total);
    const first = tokens.length - wantedRows(want, tokens.length);
    const logitRows = tokens.slice(first).map((_, i) => first + i);
    const outputs = await this.run(this.alone(id), { ids: int64Tensor(tokens, [1, tokens.length]), lengths: [total], logitRows });
    this.sequences.set(id, { length: total, batch: this.keep([id], outputs) });
    return floatsOf(outputs['logits']);
  }

  /** Appends one token to each of several sequences in one run. Returns logits [rows, vocabulary] in the order given. */
  async decode(rows: ReadonlyArray<{ id: number; token: number }>): Promise<Float32Array> {
    const ids = rows.map((row) => row.id);
    const lengths = ids.map((id) => this.lengthOf(id) + 1);
    this.refuseTooLong(Math.max(...lengths));
    const step = { ids: int64Tensor(rows.map((row) => row.token), [rows.length, 1]), lengths, logitRows: rows.map((_, i) => i) };
    const { batch, logits } = await (this.fresh ? this.extend(this.fresh, ids, step) : this.replace(ids, step));
    ids.forEach((id, i) => { this.sequences.set(id, { length: lengths[i]!, batch }); });
    return logits;
  }

  /** A step that adds the new keys and values to the memory that holds the others. */
  private async extend(fresh: FreshRows, ids: readonly number[], step: Run): Promise<{ batch: KvBatch; logits: Float32Array }> {
    const batch = this.together(ids, Math.max(...step.lengths));
    const outputs = await this.run(batch, step, ['logits', ...fresh.names]);
    fresh.append(batch, outputs, step.lengths.map((length) => length - 1));
    return { batch, logits: floatsOf(outputs['logits']) };
  }

  /** A step that takes the whole cache anew from the session. */
  private async replace(ids: readonly number[], step: Run): Promise<{ batch: KvBatch; logits: Float32Array }> {
    const outputs = await this.run(this.together(ids, 0), step);
    return { batch: this.keep(ids, outputs), logits: floatsOf(outputs['logits']) };
  }

  /** Forgets the tokens after the first `length`. What lies behind is overwritten later, and given back when it is much. */
  truncate(id: number, length: number): void {
    const sequence = this.sequences.get(id);
    if (!sequence || length >= sequence.length) return;
    const wasteful = sequence.batch.capacity - length > Math.max(CHEAP_TO_KEEP_TOKENS, length >> 3);
    this.sequences.set(id, { length, batch: wasteful ? KvBatch.gather(this.shape, [{ id, from: sequence.batch, length }]) : sequence.batch });
  }

  /** Copies tokens of a sequence into a block of the prefix cache. */
  storeBlock(block: number, { id, from, count }: { id: number; from: number; count: number }): void {
    const sequence = this.sequences.get(id);
    if (!sequence || from + count > sequence.length) throw new LlamaCoreError('invalid_request', `Sequence ${id} has ${this.lengthOf(id)} tokens; a block needs those up to ${from + count}.`);
    this.blocks.store(block, { batch: sequence.batch, id, from, count });
  }

  dropBlock(block: number): void {
    this.blocks.drop(block);
  }

  /** Begins a sequence with the tokens of blocks, in order. */
  startFrom(id: number, blocks: readonly number[]): void {
    this.sequences.set(id, this.blocks.sequenceOf(id, blocks));
  }

  /** Gives back the rows of sequences that were released or went on in another batch; to be called between runs. The rows that stay keep their order, so the next run may find them as it needs them. */
  compact(): void {
    const live = new Map<KvBatch, number[]>();
    for (const [id, { batch }] of this.sequences) live.set(batch, [...(live.get(batch) ?? []), id]);
    for (const [batch, ids] of live) {
      if (ids.length === batch.ids.length) continue;
      const rows = batch.ids.filter((id) => ids.includes(id)).map((id) => ({ id, from: batch, length: this.lengthOf(id) }));
      const smaller = KvBatch.gather(this.shape, rows);
      for (const { id, length } of rows) this.sequences.set(id, { length, batch: smaller });
    }
  }

  release(id: number): void {
    this.sequences.delete(id);
    this.adapters?.release(id);
  }

  async close(): Promise<void> {
    this.sequences.clear();
    await this.session.close();
  }

  private run(batch: KvBatch, o: Run, outputs = this.wholeCache): Promise<Fetches> {
    const feeds: Feeds = {
      input_ids: o.ids,
      seqlens_k: int32Tensor(o.lengths.map((length) => length - 1), [o.lengths.length]),
      total_sequence_length: int32Tensor([Math.max(...o.lengths)], [1]),
      logit_rows: int64Tensor(o.logitRows, [o.logitRows.length]),
      ...this.adapters?.feeds(batch.ids, o.ids.dims[1] ?? 1, o.logitRows),
    };
    this.cacheNames.forEach((name, i) => { feeds[`past.${name}`] = batch.tensors[i]!; });
    return this.session.run(feeds, outputs);
  }

  /** Rows that were cut back leave room at the end, so the capacity is read from the tensors. */
  private keep(ids: readonly number[], outputs: Fetches): KvBatch {
    const tensors = this.cacheNames.map((name) => outputs[`present.${name}`]!);
    return new KvBatch(this.shape, ids, tensors, tensors[0]!.dims[2]!);
  }

  /** The sequence in a batch of its own, which a chunk on top of a cache needs. */
  private alone(id: number): KvBatch {
    const sequence = this.sequences.get(id);
    if (!sequence) return KvBatch.empty(this.shape, id);
    return sequence.batch.holdsExactly([id]) ? sequence.batch : KvBatch.gather(this.shape, [{ id, from: sequence.batch, length: sequence.length }]);
  }

  /** The sequences in one batch that has room for `tokens` tokens each. */
  private together(ids: readonly number[], tokens: number): KvBatch {
    const rows = ids.map((id) => {
      const sequence = this.sequences.get(id);
      if (!sequence) throw new LlamaCoreError('invalid_request', `Sequence ${id} has no tokens yet.`);
      return { id, from: sequence.batch, length: sequence.length };
    });
    const [first] = rows;
    // Not an optional chain: the compiler would no longer know that there is a first row.
    if (!first) return KvBatch.gather(this.shape, rows);
    const unchanged = first.from.holdsExactly(ids) && rows.every((row) => row.from === first.from);
    if (unchanged && first.from.capacity >= tokens) return first.from;
    return KvBatch.gather(this.shape, rows, tokens === 0 ? 0 : withRoomToGrow(tokens));
  }

  private refuseTooLong(tokens: number): void {
    if (tokens > this.maxTokens) throw new LlamaCoreError('context_length_exceeded', `The sequence would have ${tokens} tokens; at most ${this.maxTokens} fit.`);
  }

  get vocabularySize(): number {
    return this.config.vocabSize;
  }
}

/** Room for a sixteenth more, so that a growing sequence is copied once in many steps and holds little that it does not need. */
const withRoomToGrow = (tokens: number): number => tokens + Math.max(8, tokens >> 4);

const wantedRows = (want: WantedLogits, tokens: number): number => (typeof want === 'number' ? want : { last: 1, all: tokens, none: 0 }[want]);
