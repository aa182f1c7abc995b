import { ATTRIBUTE_TYPE, type AttributeProto, type Dimension, ELEMENT_BYTES, ELEMENT_TYPE, type ElementType, encodeModel, type GraphProto, type ValueInfoProto } from './onnx-proto.js';
import type { WeightFile, WeightPlace, WeightSlot } from './weight-file.js';

/** Name of a tensor in the graph; the empty string leaves out an optional input or output. */
export type Value = string;
export const NONE: Value = '';

/** Attribute values: a whole number is an int unless wrapped by {@link float}. */
export type Attribute = number | number[] | { float: number };
export const float = (value: number): Attribute => ({ float: value });

export interface NodeOptions {
  attributes?: Record<string, Attribute>;
  /** Names of the outputs, where the default `<name>` will not do. */
  outputs?: Value[];
}

/** Operators that ONNX Runtime registers outside the ONNX domain. */
const MICROSOFT = new Set(['GroupQueryAttention', 'MatMulNBits', 'MatMulIntegerToFloat', 'GatherBlockQuantized', 'SkipSimplifiedLayerNormalization', 'MultiHeadAttention', 'RotaryEmbedding', 'QuickGelu']);

/** Builds one ONNX graph; weights go to the external data file, small constants into the graph. */
export class GraphBuilder {
  private readonly graph: GraphProto = { name: 'model', node: [], initializer: [], input: [], output: [] };
  private readonly constants = new Map<string, Value>();

  constructor(private readonly weights: WeightFile) {}

  input(name: string, type: ElementType, shape: Dimension[]): Value {
    this.graph.input.push(valueInfo(name, type, shape));
    return name;
  }

  output(name: string, type: ElementType, shape: Dimension[]): void {
    this.graph.output.push(valueInfo(name, type, shape));
  }

  /** Adds a node and returns its first output. */
  node(operator: string, name: string, inputs: Value[], options: NodeOptions = {}): Value {
    const output = options.outputs ?? [name];
    const attribute = Object.entries(options.attributes ?? {}).map(([key, value]) => attributeProto(key, value));
    this.graph.node.push({ name, op_type: operator, domain: MICROSOFT.has(operator) ? 'com.microsoft' : '', input: inputs, output, attribute });
    return output[0] ?? name;
  }

  /** A small int64 constant; equal ones are shared. */
  int64(values: number[], shape: number[] = [values.length]): Value {
    const name = `const_${values.join('_')}_${shape.join('x')}`;
    if (!this.constants.has(name)) this.constant(name, 'int64', shape, BigInt64Array.from(values, BigInt));
    return name;
  }

  /** A constant without axes; equal ones are shared. */
  scalar(type: 'float32' | 'uint8', value: number): Value {
    const name = `const_${type}_${value}`;
    if (!this.constants.has(name)) this.constant(name, type, [], type === 'float32' ? Float32Array.of(value) : Uint8Array.of(value));
    return name;
  }

  /** Adds a weight; `parts` are its bytes in order. */
  async weight(name: string, type: ElementType, dims: number[], parts: Iterable<ArrayBufferView> | AsyncIterable<ArrayBufferView>): Promise<Value> {
    const slot = this.slot(name, type, dims);
    for await (const part of parts) await slot.write(part);
    return name;
  }

  /** Adds a weight that the caller fills. */
  slot(name: string, type: ElementType, dims: number[]): WeightSlot {
    const slot = this.weights.reserve(dims.reduce((a, b) => a * b, ELEMENT_BYTES[type]));
    this.placed(name, { type, dims }, slot.place);
    return slot;
  }

  /** Adds a weight that reads the bytes of another one in another shape. */
  alias(name: string, tensor: { type: ElementType; dims: number[] }, of: WeightSlot): Value {
    this.placed(name, tensor, of.place);
    return name;
  }

  encode(): Uint8Array {
    return encodeModel(this.graph);
  }

  private placed(name: string, { type, dims }: { type: ElementType; dims: number[] }, { offset, byteLength }: WeightPlace): void {
    const external_data = Object.entries({ location: this.weights.name, offset, length: byteLength }).map(([key, value]) => ({ key, value: String(value) }));
    this.graph.initializer.push({ name, dims, data_type: ELEMENT_TYPE[type], data_location: 1, external_data });
  }

  private constant(name: string, type: ElementType, dims: number[], values: ArrayBufferView): void {
    this.constants.set(name, name);
    this.graph.initializer.push({ name, dims, data_type: ELEMENT_TYPE[type], raw_data: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) });
  }
}

function valueInfo(name: string, type: ElementType, shape: Dimension[]): ValueInfoProto {
  const dim = shape.map((size) => (typeof size === 'number' ? { dim_value: size } : { dim_param: size }));
  return { name, type: { tensor_type: { elem_type: ELEMENT_TYPE[type], shape: { dim } } } };
}

function attributeProto(name: string, value: Attribute): AttributeProto {
  if (Array.isArray(value)) return { name, type: ATTRIBUTE_TYPE.ints, ints: value };
  if (typeof value === 'number') return { name, type: ATTRIBUTE_TYPE.int, i: value };
  return { name, type: ATTRIBUTE_TYPE.float, f: value.float };
}
