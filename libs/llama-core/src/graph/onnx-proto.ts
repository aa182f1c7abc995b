import protobuf from 'protobufjs';

/** The part of onnx.proto3 that our graphs use; field numbers are those of onnx/onnx `onnx.proto3` (IR version 10). */
const SCHEMA = `
syntax = "proto3";
message AttributeProto { string name = 1; float f = 2; int64 i = 3; bytes s = 4; repeated float floats = 7; repeated int64 ints = 8; int32 type = 20; }
message NodeProto { repeated string input = 1; repeated string output = 2; string name = 3; string op_type = 4; repeated AttributeProto attribute = 5; string domain = 7; }
message StringStringEntryProto { string key = 1; string value = 2; }
message TensorProto { repeated int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9; repeated StringStringEntryProto external_data = 13; int32 data_location = 14; }
message Dimension { oneof value { int64 dim_value = 1; string dim_param = 2; } }
message TensorShapeProto { repeated Dimension dim = 1; }
message TensorTypeProto { int32 elem_type = 1; TensorShapeProto shape = 2; }
message TypeProto { TensorTypeProto tensor_type = 1; }
message ValueInfoProto { string name = 1; TypeProto type = 2; }
message GraphProto { repeated NodeProto node = 1; string name = 2; repeated TensorProto initializer = 5; repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12; }
message OperatorSetIdProto { string domain = 1; int64 version = 2; }
message ModelProto { int64 ir_version = 1; string producer_name = 2; GraphProto graph = 7; repeated OperatorSetIdProto opset_import = 8; }
`;

const modelType = protobuf.parse(SCHEMA, { keepCase: true }).root.lookupType('ModelProto');

/** TensorProto.DataType. */
export const ELEMENT_TYPE = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, float16: 10, bfloat16: 16 } as const;
export type ElementType = keyof typeof ELEMENT_TYPE;
export const ELEMENT_BYTES: Record<ElementType, number> = { float32: 4, uint8: 1, int8: 1, int32: 4, int64: 8, float16: 2, bfloat16: 2 };

/** AttributeProto.AttributeType. */
export const ATTRIBUTE_TYPE = { float: 1, int: 2, ints: 7 } as const;

/** A number names a fixed size, a string a symbolic one. */
export type Dimension = number | string;

export interface AttributeProto {
  name: string;
  type: number;
  f?: number;
  i?: number;
  ints?: number[];
}

export interface NodeProto {
  name: string;
  op_type: string;
  domain: string;
  input: string[];
  output: string[];
  attribute: AttributeProto[];
}

export interface TensorProto {
  name: string;
  dims: number[];
  data_type: number;
  raw_data?: Uint8Array;
  external_data?: Array<{ key: string; value: string }>;
  data_location?: 0 | 1;
}

export interface ValueInfoProto {
  name: string;
  type: { tensor_type: { elem_type: number; shape: { dim: Array<{ dim_value?: number; dim_param?: string }> } } };
}

export interface GraphProto {
  name: string;
  node: NodeProto[];
  initializer: TensorProto[];
  input: ValueInfoProto[];
  output: ValueInfoProto[];
}

/** Serialises a graph as an ONNX model: opset 21 of ONNX and version 1 of the com.microsoft operators. */
export function encodeModel(graph: GraphProto): Uint8Array {
  const opset_import = [{ domain: '', version: 21 }, { domain: 'com.microsoft', version: 1 }];
  return modelType.encode(modelType.fromObject({ ir_version: 10, producer_name: 'sallyport-llama-core', graph, opset_import })).finish();
}
