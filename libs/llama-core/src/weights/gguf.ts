import type { FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { LlamaCoreError } from '../errors.js';
import { ByteCursor } from './byte-cursor.js';
import { type GgufValue, takeCount, takeString, takeValue, ValueBudget } from './gguf-metadata.js';
import { openFile } from './open-file.js';
import { BLOCK, byteLengthOf, type DType, elementCount, readExactly, type TensorInfo, type TensorSource } from './tensor-source.js';

export type GgufMetadata = ReadonlyMap<string, GgufValue>;

export interface GgufFile extends TensorSource {
  readonly metadata: GgufMetadata;
}

const MAGIC = 0x46554747;
const MAX_METADATA = 100_000;
const MAX_TENSORS = 100_000;
const MAX_DIMENSIONS = 4;
/** Bytes that a tensor's header entry takes at least: empty name, no dimension, type, offset. */
const MIN_TENSOR_ENTRY_BYTES = 24;

const DTYPES: Record<number, DType> = { 0: 'F32', 1: 'F16', 2: 'Q4_0', 3: 'Q4_1', 6: 'Q5_0', 7: 'Q5_1', 8: 'Q8_0', 10: 'Q2_K', 11: 'Q3_K', 12: 'Q4_K', 13: 'Q5_K', 14: 'Q6_K', 30: 'BF16' };
/** Names of the other ggml types, so that a refusal can name what it refuses. */
const OTHER_TYPES: Record<number, string> = { 9: 'Q8_1', 15: 'Q8_K', 16: 'IQ2_XXS', 17: 'IQ2_XS', 18: 'IQ3_XXS', 19: 'IQ1_S', 20: 'IQ4_NL', 21: 'IQ3_S', 22: 'IQ2_S', 23: 'IQ4_XS', 29: 'IQ1_M', 24: 'I8', 25: 'I16', 26: 'I32', 27: 'I64', 28: 'F64', 34: 'TQ1_0', 35: 'TQ2_0', 39: 'MXFP4' };

const invalid = (message: string, param?: string) => new LlamaCoreError('gguf_invalid', message, param === undefined ? {} : { param });

/**
 * Opens a GGUF file (version 2 or 3): metadata at once, tensors on demand. Dimensions are turned to row-major.
 * @throws LlamaCoreError `gguf_invalid` for truncated, overlapping, oversized or lying headers, `unsupported_tensor_type`, `model_not_found`.
 */
export async function openGguf(path: string): Promise<GgufFile> {
  const file = await openFile(path);
  try {
    const { size } = await file.stat();
    const cursor = new ByteCursor(file, size);
    const { tensorCount, metadataCount } = await takeHeader(cursor);
    const metadata = await takeMetadata(cursor, metadataCount);
    const tensors = await takeTensors(cursor, { tensorCount, size, alignment: alignmentOf(metadata) });
    return { metadata, tensors, read: (info, from, byteLength) => readTensor(file, info, from, byteLength), close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error instanceof LlamaCoreError && error.code === 'gguf_invalid' ? new LlamaCoreError('gguf_invalid', `${basename(path)} is damaged or cut off: ${error.message}`, { param: error.param ?? path, cause: error }) : error;
  }
}

async function takeHeader(cursor: ByteCursor): Promise<{ tensorCount: number; metadataCount: number }> {
  if (cursor.remaining < 24) throw invalid(`A GGUF header has 24 bytes, the file has ${cursor.remaining}.`);
  const magic = await cursor.take(4, (view, at) => view.getUint32(at, true));
  if (magic !== MAGIC) throw invalid('The file does not begin with GGUF.');
  const version = await cursor.take(4, (view, at) => view.getUint32(at, true));
  if (version !== 2 && version !== 3) throw invalid(`GGUF versions 2 and 3 are read, this is ${version}.`);
  const tensorCount = await takeCount(cursor, 'The tensor count', Math.min(MAX_TENSORS, Math.floor(cursor.remaining / MIN_TENSOR_ENTRY_BYTES)));
  const metadataCount = await takeCount(cursor, 'The metadata count', Math.min(MAX_METADATA, Math.floor(cursor.remaining / 13)));
  return { tensorCount, metadataCount };
}

async function takeMetadata(cursor: ByteCursor, count: number): Promise<Map<string, GgufValue>> {
  const metadata = new Map<string, GgufValue>();
  const budget = new ValueBudget();
  for (let i = 0; i < count; i++) {
    const key = await takeString(cursor);
    metadata.set(key, await takeValue(cursor, await cursor.take(4, (view, at) => view.getUint32(at, true)), budget));
  }
  return metadata;
}

function alignmentOf(metadata: GgufMetadata): number {
  const value = metadata.get('general.alignment') ?? 32;
  if (typeof value !== 'number' || value < 8 || value > 65_536 || value % 8 !== 0) throw invalid('general.alignment must be a multiple of 8 up to 65536.', 'general.alignment');
  return value;
}

async function takeTensors(cursor: ByteCursor, o: { tensorCount: number; size: number; alignment: number }): Promise<Map<string, TensorInfo>> {
  const infos: TensorInfo[] = [];
  for (let i = 0; i < o.tensorCount; i++) infos.push(await takeTensorInfo(cursor));
  const dataStart = Math.ceil(cursor.position / o.alignment) * o.alignment;
  const placed = infos.map((info) => ({ ...info, offset: dataStart + info.offset }));
  for (const info of placed) if (info.offset + info.byteLength > o.size) throw invalid(`${info.name} ends at byte ${info.offset + info.byteLength}, the file at ${o.size}.`, info.name);
  const ordered = [...placed].sort((a, b) => a.offset - b.offset);
  ordered.forEach((info, i) => {
    const before = ordered[i - 1];
    if (before && before.offset + before.byteLength > info.offset) throw invalid(`Tensors ${before.name} and ${info.name} overlap.`, info.name);
  });
  const tensors = new Map(placed.map((info) => [info.name, info]));
  if (tensors.size !== placed.length) throw invalid('Two tensors have the same name.');
  return tensors;
}

async function takeTensorInfo(cursor: ByteCursor): Promise<TensorInfo> {
  const name = await takeString(cursor);
  const dimensions = await cursor.take(4, (view, at) => view.getUint32(at, true));
  if (dimensions > MAX_DIMENSIONS) throw invalid(`${name} has ${dimensions} dimensions, at most ${MAX_DIMENSIONS} are possible.`, name);
  const shape: number[] = [];
  for (let d = 0; d < dimensions; d++) shape.unshift(await takeCount(cursor, `A dimension of ${name}`, Number.MAX_SAFE_INTEGER));
  const type = await cursor.take(4, (view, at) => view.getUint32(at, true));
  const dtype = DTYPES[type];
  if (!dtype) throw new LlamaCoreError('unsupported_tensor_type', `${name} is ${OTHER_TYPES[type] ?? `type ${type}`}; ${Object.values(DTYPES).join(', ')} are read.`, { param: name });
  const offset = await takeCount(cursor, `The offset of ${name}`, Number.MAX_SAFE_INTEGER);
  if (elementCount(shape) > Number.MAX_SAFE_INTEGER / 4 || (shape.at(-1) ?? 1) % BLOCK[dtype][0] !== 0) throw invalid(`${name} has a row length that is no multiple of ${BLOCK[dtype][0]}, or is impossibly large.`, name);
  return { name, dtype, shape, file: 0, offset, byteLength: byteLengthOf(dtype, shape) };
}

async function readTensor(file: FileHandle, info: TensorInfo, from = 0, byteLength = info.byteLength): Promise<Uint8Array> {
  const bytes = await readExactly(file, info.offset + from, byteLength);
  if (!bytes) throw invalid(`${info.name}: the file ended inside the tensor.`, info.name);
  return bytes;
}
