// The default generator again, with every Q4_1 matrix as Q4_0: the same shape and tokenizer, and weights that are still those of a language model.
// Requantized with ggml's own rule (quantize_row_q4_0_ref): d = the value of greatest magnitude / −8, q = ⌊x / d + 8.5⌋, at most 15.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../../tools/bootstrap.mjs';
import { modelPath } from '../engines.mjs';

export const q40Path = join(root, 'bench', 'results', 'models', 'SmolLM2-135M-Instruct.Q4_0.gguf');

const NUMBERS = { F32: 0, F16: 1, Q4_0: 2, Q4_1: 3, Q8_0: 8 };
const GROUP = 32;
const GROUP_BYTES = 18;
const ALIGNMENT = 32;

/** Written once; later runs take the file that is there. */
export async function q40File() {
  if (existsSync(q40Path)) return q40Path;
  console.log('  writing the Q4_0 file …');
  mkdirSync(dirname(q40Path), { recursive: true });
  writeFileSync(`${q40Path}.part`, await requantized(modelPath));
  renameSync(`${q40Path}.part`, q40Path);
  return q40Path;
}

async function requantized(path) {
  const { openGguf } = await import('../../libs/llama-core/dist/index.js');
  const { dequantize } = await import('../../libs/llama-core/dist/weights/dequantize.js');
  const file = await openGguf(path);
  const parts = [];
  for (const info of file.tensors.values()) {
    const bytes = await file.read(info);
    parts.push(info.dtype === 'Q4_1' ? { info, dtype: 'Q4_0', bytes: q40Of(dequantize('Q4_1', bytes)) } : { info, dtype: info.dtype, bytes });
  }
  await file.close();
  return assembled(metadataOf(path, parts[0].info.name), parts);
}

/** Everything before the first tensor's entry, with the file type changed. */
function metadataOf(path, firstTensor) {
  const whole = readFileSync(path);
  const head = Buffer.from(whole.subarray(0, whole.indexOf(spelled(firstTensor))));
  const key = spelled('general.file_type');
  const at = head.indexOf(key);
  if (at >= 0) head.writeUInt32LE(NUMBERS.Q4_0, at + key.length + 4);
  return head;
}

function assembled(metadata, parts) {
  const entries = [];
  let offset = 0;
  for (const { info, dtype, bytes } of parts) {
    const dimensions = [...info.shape].reverse();
    entries.push(spelled(info.name), u32(dimensions.length), ...dimensions.map(u64), u32(NUMBERS[dtype]), u64(offset));
    offset += aligned(bytes.length);
  }
  const head = Buffer.concat([metadata, ...entries]);
  return Buffer.concat([padded(head), ...parts.map(({ bytes }) => padded(bytes))]);
}

const aligned = (bytes) => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
const padded = (bytes) => Buffer.concat([bytes, Buffer.alloc(aligned(bytes.length) - bytes.length)]);
const spelled = (text) => Buffer.concat([u64(Buffer.byteLength(text)), Buffer.from(text)]);

function u32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function q40Of(values) {
  const out = Buffer.alloc((values.length / GROUP) * GROUP_BYTES);
  for (let from = 0, at = 0; from < values.length; from += GROUP, at += GROUP_BYTES) {
    let greatest = 0;
    for (let i = from; i < from + GROUP; i++) if (Math.abs(values[i]) > Math.abs(greatest)) greatest = values[i];
    const inverse = greatest === 0 ? 0 : -8 / greatest;
    const level = (i) => Math.min(15, Math.floor(values[i] * inverse + 8.5));
    out.writeUInt16LE(halfOf(greatest / -8), at);
    for (let i = 0; i < GROUP / 2; i++) out[at + 2 + i] = level(from + i) | (level(from + GROUP / 2 + i) << 4);
  }
  return out;
}

/** IEEE half-precision bits of a number within its range. */
function halfOf(value) {
  const sign = value < 0 ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size < 2 ** -14) return sign | Math.round(size * 2 ** 24);
  const exponent = Math.floor(Math.log2(size));
  // A fraction that rounds up to 1,024 carries over into the exponent, as it should.
  return sign | (((exponent + 15) << 10) + Math.round((size / 2 ** exponent - 1) * 1_024));
}
