import { LlamaCoreError } from '../errors.js';

/** What Llama 4 adds to the decoder of Llama 3. */
export interface Llama4Traits {
  /** One entry per layer. */
  layers: Llama4Layer[];
  /** In a chunked layer a token sees only its own chunk of this many tokens; absent: every layer sees all. */
  chunkTokens?: number;
  /** Queries and keys of rotated layers are normalised per head, after the rotation, without a weight. */
  qkNorm: boolean;
  /** Queries of layers without rotation grow with their position. */
  temperature?: { floorTokens: number; scale: number };
  experts?: { count: number; perToken: number; intermediateSize: number };
}

export interface Llama4Layer {
  /** False: a NoPE layer, which knows positions only through the causal mask. */
  rope: boolean;
  chunked: boolean;
  /** A router, experts and a shared expert instead of one dense block. */
  experts: boolean;
}

/** Relations between fields that the graph relies on. */
export function checkedTraits(traits: Llama4Traits): Llama4Traits {
  const { experts, layers } = traits;
  if (layers.some((layer) => layer.experts) && !experts) throw new LlamaCoreError('config_invalid', 'Some layers have experts, but their number is 0.', { param: 'num_local_experts' });
  if (experts && experts.perToken > experts.count) throw new LlamaCoreError('config_invalid', `A token cannot go to ${experts.perToken} of ${experts.count} experts.`, { param: 'num_experts_per_tok' });
  return traits;
}

/** Query scale [positions] of a layer without rotation. Source: transformers' modeling_llama4 `Llama4TextAttention`. */
export const temperatures = ({ floorTokens, scale }: { floorTokens: number; scale: number }, positions: number): Float32Array =>
  Float32Array.from({ length: positions }, (_, position) => Math.log1p(Math.floor((position + 1) / floorTokens)) * scale + 1);
