import { LlamaCoreError } from '../errors.js';
import type { JsonFields } from './json-fields.js';

/** RoPE scaling of Llama 3.1 and later; field names as in config.json. */
export interface Llama3RopeScaling {
  type: 'llama3';
  factor: number;
  lowFreqFactor: number;
  highFreqFactor: number;
  originalMaxPositions: number;
}

/** Position interpolation: every frequency divided by one factor. */
export interface LinearRopeScaling {
  type: 'linear';
  factor: number;
}

export type RopeScaling = Llama3RopeScaling | LinearRopeScaling;

/** Scaling from `rope_parameters` or the older `rope_scaling` of a config.json, whose type is `rope_type` or the older `type`. @throws LlamaCoreError `unsupported_architecture` for other types. */
export function ropeScalingFromJson(rope: JsonFields | undefined): { ropeScaling?: RopeScaling } {
  const type = rope?.text('rope_type') ?? rope?.text('type') ?? 'default';
  if (!rope || type === 'default') return {};
  if (type === 'linear') return { ropeScaling: { type, factor: rope.number('factor') } };
  if (type !== 'llama3') throw unsupportedRope(type, 'rope_scaling');
  return {
    ropeScaling: {
      type,
      factor: rope.number('factor'),
      lowFreqFactor: rope.number('low_freq_factor'),
      highFreqFactor: rope.number('high_freq_factor'),
      originalMaxPositions: rope.number('original_max_position_embeddings'),
    },
  };
}

export const unsupportedRope = (type: string, param: string) => new LlamaCoreError('unsupported_architecture', `RoPE scaling '${type}' is not supported; 'default', 'linear' and 'llama3' are.`, { param });

/** Rotation frequencies [headDim / 2]: plain, scaled linearly or as Llama 3.1 does, or divided by a checkpoint's own ratios (GGUF `rope_freqs.weight`). */
export function ropeFrequencies(o: { headDim: number; theta: number; scaling?: RopeScaling; ratios?: Float32Array }): Float64Array {
  const frequencies = Float64Array.from({ length: o.headDim / 2 }, (_, i) => o.theta ** ((-2 * i) / o.headDim));
  if (o.ratios) return frequencies.map((f, i) => f / (o.ratios?.[i] ?? 1));
  const scaling = o.scaling;
  if (scaling?.type === 'linear') return frequencies.map((f) => f / scaling.factor);
  return scaling ? frequencies.map((f) => scaled(f, scaling)) : frequencies;
}

/** Source: transformers' modeling_rope_utils `_compute_llama3_parameters`. Equal low and high factors leave no middle band, so nothing is divided by zero. */
function scaled(frequency: number, s: Llama3RopeScaling): number {
  const wavelength = (2 * Math.PI) / frequency;
  if (wavelength < s.originalMaxPositions / s.highFreqFactor) return frequency;
  if (wavelength > s.originalMaxPositions / s.lowFreqFactor) return frequency / s.factor;
  const smooth = (s.originalMaxPositions / wavelength - s.lowFreqFactor) / (s.highFreqFactor - s.lowFreqFactor);
  return ((1 - smooth) * frequency) / s.factor + smooth * frequency;
}

/** Cosine and sine tables, each [positions, headDim / 2]. */
export function ropeTables(frequencies: Float64Array, positions: number): { cos: Float32Array; sin: Float32Array } {
  const half = frequencies.length;
  const cos = new Float32Array(positions * half);
  const sin = new Float32Array(positions * half);
  for (let p = 0; p < positions; p++)
    for (let i = 0; i < half; i++) {
      const angle = Math.fround(p * Math.fround(frequencies[i]!));
      cos[p * half + i] = Math.cos(angle);
      sin[p * half + i] = Math.sin(angle);
    }
  return { cos, sin };
}
