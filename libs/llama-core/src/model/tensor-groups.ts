import type { DecoderConfig } from './decoder-config.js';
import type { EncoderConfig } from './encoder-config.js';

/** Equal matrices of a model: `count` of [rows, columns]. */
export interface TensorGroup {
  /** `matrix`: multiplied with, in blocks when the model is quantized; `exact`: stays float32. */
  kind: 'matrix' | 'exact';
  /** What attention, router, experts … it belongs to; for the reader of a plan. */
  part: 'embedding' | 'head' | 'attention' | 'feed-forward' | 'experts' | 'norms' | 'classifier';
  count: number;
  rows: number;
  columns: number;
  /** Of `count`, those that one token goes through; default all. */
  active?: number;
}

/** Every weight of a checkpoint, from its config alone. A tied head is no weight of its own. */
export const tensorGroups = (config: DecoderConfig | EncoderConfig): TensorGroup[] => (config.kind === 'decoder' ? decoderGroups(config) : encoderGroups(config));

function decoderGroups(c: DecoderConfig): TensorGroup[] {
  const { layers, hiddenSize, llama4 } = c;
  const expertLayers = llama4?.layers.filter((layer) => layer.experts).length ?? 0;
  const table = { count: 1, rows: c.vocabSize, columns: hiddenSize };
  return [
    { kind: 'exact', part: 'embedding', ...table, rows: c.embeddingRows ?? c.vocabSize },
    ...(c.tiedEmbeddings ? [] : [{ kind: 'matrix', part: 'head', ...table } as const]),
    { kind: 'matrix', part: 'attention', count: layers, rows: (c.heads + 2 * c.kvHeads) * c.headDim, columns: hiddenSize },
    { kind: 'matrix', part: 'attention', count: layers, rows: hiddenSize, columns: c.heads * c.headDim },
    ...gated('feed-forward', layers - expertLayers, hiddenSize, c.intermediateSize),
    ...(llama4?.experts ? expertGroups(expertLayers, hiddenSize, llama4.experts) : []),
    { kind: 'exact', part: 'norms', count: 2 * layers + 1, rows: 1, columns: hiddenSize },
  ];
}

function expertGroups(layers: number, hiddenSize: number, { count, perToken, intermediateSize }: { count: number; perToken: number; intermediateSize: number }): TensorGroup[] {
  return [
    { kind: 'exact', part: 'experts', count: layers, rows: count, columns: hiddenSize },
    ...gated('feed-forward', layers, hiddenSize, intermediateSize),
    ...gated('experts', layers * count, hiddenSize, intermediateSize).map((group) => ({ ...group, active: (group.count * perToken) / count })),
  ];
}

/** Gate, up and down projection of `count` blocks. */
const gated = (part: TensorGroup['part'], count: number, hiddenSize: number, width: number): TensorGroup[] => [
  { kind: 'matrix', part, count: 2 * count, rows: width, columns: hiddenSize },
  { kind: 'matrix', part, count, rows: hiddenSize, columns: width },
];

function encoderGroups(c: EncoderConfig): TensorGroup[] {
  const { hiddenSize, layers, intermediateSize } = c;
  const exact = (part: TensorGroup['part'], count: number, rows: number, columns: number): TensorGroup => ({ kind: 'exact', part, count, rows, columns });
  const projections = c.family === 'deberta' && !c.relative.sharedKey ? 4 + Number(c.relative.kinds.c2p) + Number(c.relative.kinds.p2c) : 4;
  const matrix = (part: TensorGroup['part'], count: number, rows: number, columns: number): TensorGroup => ({ kind: 'matrix', part, count, rows, columns });
  return [
    exact('embedding', 1, c.vocabSize, hiddenSize),
    ...(c.family === 'bert' ? [exact('embedding', 1, c.maxTokens + c.typeVocabSize, hiddenSize)] : [exact('embedding', 1, 2 * c.relative.span, hiddenSize)]),
    exact('norms', 2 + (c.family === 'deberta' && c.relative.normalised ? 2 : 0), 1, hiddenSize),
    exact('attention', projections * layers, hiddenSize + 1, hiddenSize),
    matrix('feed-forward', layers, intermediateSize, hiddenSize),
    matrix('feed-forward', layers, hiddenSize, intermediateSize),
    exact('feed-forward', layers, 1, intermediateSize + hiddenSize),
    exact('norms', 4 * layers, 1, hiddenSize),
    ...(c.family === 'deberta' || c.pooling === 'cls' ? [exact('classifier', 1, hiddenSize + 1, hiddenSize)] : []),
    exact('classifier', 1, c.labels.length, hiddenSize + 1),
  ];
}
