import { type FileHandle, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { LlamaCoreError } from '../errors.js';
import { readJsonObject } from '../json-file.js';
import { openFile } from './open-file.js';
import { byteLengthOf, type DType, readExactly, type TensorInfo, type TensorSource } from './tensor-source.js';

/** A header larger than this is refused: 100,000 tensors need about 10 MB. */
const MAX_HEADER_BYTES = 25_000_000;
/** Open files at once; the largest published checkpoints have about 200 shards. */
const MAX_SHARDS = 1000;
/** One folder up and no further: a model folder must not name files anywhere on the machine. */
const SHARED_SHARD = /^\.\.\/[\w-]+\/[\w-]+\.safetensors$/;
const DTYPES = ['F32', 'F16', 'BF16', 'I8'] as const satisfies readonly DType[];

const invalid = (file: string, message: string, cause?: unknown) => new LlamaCoreError('safetensors_invalid', `${file}: ${message}`, { param: file, cause });

/**
 * Opens `model.safetensors`, or the shards that `model.safetensors.index.json` names; a shard may lie in a folder beside the model's own (`../shared/x.safetensors`), so that models share it.
 * Source of the format: huggingface/safetensors README.
 * @throws LlamaCoreError `safetensors_invalid`, `unsupported_tensor_type`, `model_not_found`.
 */
export const openSafetensors = async (folder: string): Promise<TensorSource> => openFiles(folder, await weightFiles(folder));

/** Opens one safetensors file of a folder. @throws LlamaCoreError `safetensors_invalid`, `unsupported_tensor_type`, `model_not_found`. */
export const openSafetensorsFile = (folder: string, name: string): Promise<TensorSource> => openFiles(folder, [name]);

async function openFiles(folder: string, names: readonly string[]): Promise<TensorSource> {
  const files: FileHandle[] = [];
  const tensors = new Map<string, TensorInfo>();
  const close = async () => void (await Promise.all(files.map((file) => file.close())));
  try {
    for (const name of names) {
      const file = await openFile(join(folder, name));
      for (const info of await readHeader(file, name, files.push(file) - 1)) {
        if (tensors.has(info.name)) throw invalid(name, `${info.name} is in two shards.`);
        tensors.set(info.name, info);
      }
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { tensors, close, read: (info, from, byteLength) => readTensor(files[info.file], info, from, byteLength) };
}

async function readTensor(file: FileHandle | undefined, info: TensorInfo, from = 0, byteLength = info.byteLength): Promise<Uint8Array> {
  const bytes = file && (await readExactly(file, info.offset + from, byteLength));
  if (!bytes) throw new LlamaCoreError('safetensors_invalid', `${info.name}: the file ended inside the tensor.`, { param: info.name });
  return bytes;
}

/** The files that hold a folder's weights, relative to it. @throws LlamaCoreError `safetensors_invalid`, `model_not_found`. */
export async function weightFiles(folder: string): Promise<string[]> {
  const single = 'model.safetensors';
  if (await stat(join(folder, single)).catch(() => null)) return [single];
  const indexName = `${single}.index.json`;
  if (!(await stat(join(folder, indexName)).catch(() => null))) throw new LlamaCoreError('model_not_found', `Expected ${single} or ${indexName} in the model folder.`, { param: single });
  const { weight_map: map } = await readJsonObject(join(folder, indexName), 'safetensors_invalid');
  const names = typeof map === 'object' && map !== null ? [...new Set<unknown>(Object.values(map))] : [];
  if (names.length === 0 || names.length > MAX_SHARDS || !names.every(isShardName)) throw invalid(indexName, 'expected weight_map to name files of the same folder, or "../folder/file.safetensors" beside it.');
  return names;
}

const isShardName = (name: unknown): name is string => typeof name === 'string' && !name.includes('\0') && (isFileName(name) || SHARED_SHARD.test(name));
const isFileName = (name: string): boolean => name !== '' && dirname(name) === '.' && basename(name) !== '..';

interface HeaderEntry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

async function readHeader(file: FileHandle, name: string, index: number): Promise<TensorInfo[]> {
  const { size } = await file.stat();
  const prefix = await readExactly(file, 0, 8);
  if (!prefix) throw invalid(name, `expected at least 8 bytes, got ${size}.`);
  const length = Number(new DataView(prefix.buffer).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES || 8 + length > size) throw invalid(name, `the header claims ${length} bytes, the file has ${size}.`);
  const bytes = await readExactly(file, 8, length);
  const entries = parseHeader(bytes, name);
  const infos = Object.entries(entries).map(([tensor, entry]) => toInfo({ tensor, entry, name, index, dataStart: 8 + length, size }));
  refuseOverlaps(infos, name);
  return infos;
}

function parseHeader(bytes: Uint8Array | null, name: string): Record<string, HeaderEntry> {
  try {
    const { __metadata__, ...entries } = JSON.parse(new TextDecoder('utf8', { fatal: true }).decode(bytes ?? new Uint8Array())) as Record<string, HeaderEntry>;
    return entries;
  } catch (cause) {
    throw invalid(name, 'the header is not JSON.', cause);
  }
}

function toInfo(o: { tensor: string; entry: HeaderEntry; name: string; index: number; dataStart: number; size: number }): TensorInfo {
  const { tensor, entry, name, index, dataStart, size } = o;
  const dtype = DTYPES.find((type) => type === entry?.dtype);
  if (!dtype) throw new LlamaCoreError('unsupported_tensor_type', `${tensor}: type ${String(entry?.dtype).slice(0, 40)} is not one of ${DTYPES.join(', ')}.`, { param: tensor });
  const shape = entry.shape;
  if (!Array.isArray(shape) || shape.some((d) => !Number.isSafeInteger(d) || d < 0)) throw invalid(name, `${tensor} has an impossible shape.`);
  const [start, end] = Array.isArray(entry.data_offsets) ? entry.data_offsets : [NaN, NaN];
  const expected = byteLengthOf(dtype, shape);
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end - start !== expected || dataStart + end > size)
    throw invalid(name, `${tensor} claims bytes ${start} to ${end}; its shape needs ${expected} and the file has ${size - dataStart}.`);
  return { name: tensor, dtype, shape, file: index, offset: dataStart + start, byteLength: expected };
}

/** Two tensors in one place are a sign of a damaged or hostile file. */
export function refuseOverlaps(infos: readonly TensorInfo[], name: string): void {
  const ordered = infos.filter((info) => info.byteLength > 0).sort((a, b) => a.offset - b.offset);
  for (let i = 1; i < ordered.length; i++) {
    const [before, after] = [ordered[i - 1]!, ordered[i]!];
    if (before.offset + before.byteLength > after.offset) throw invalid(name, `tensors ${before.name} and ${after.name} overlap.`);
  }
}
