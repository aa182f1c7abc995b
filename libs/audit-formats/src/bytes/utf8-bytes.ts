import { badFile } from '../format-error.js';
import { peekBytes, toBuffer } from './peeked-bytes.js';

const SAMPLE_BYTES = 4_096;

type Utf16 = 'utf-16le' | 'utf-16be';

/** A text as UTF-8 without a byte order mark: UTF-16 is recoded, told by its mark or its zero bytes. Bytes that are not UTF-8 stay as they are and fail where they are read. */
export async function utf8Bytes(source: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Buffer>> {
  const { head, bytes } = await peekBytes(source, SAMPLE_BYTES);
  const utf16 = utf16Of(head);
  if (utf16) return recoded(bytes, utf16);
  return startsWith(head, [0xef, 0xbb, 0xbf]) ? without(bytes, 3) : bytes;
}

function utf16Of(head: Buffer): Utf16 | undefined {
  if (startsWith(head, [0xff, 0xfe])) return 'utf-16le';
  if (startsWith(head, [0xfe, 0xff])) return 'utf-16be';
  return zeroesOf(head);
}

/** Every second byte of Latin text in UTF-16 is zero, and no byte of any text in UTF-8 is. */
function zeroesOf(head: Buffer): Utf16 | undefined {
  const pairs = Math.floor(head.length / 2);
  if (pairs < 8) return undefined;
  let [even, odd] = [0, 0];
  for (let at = 0; at < pairs * 2; at += 2) {
    if (head[at] === 0) even += 1;
    if (head[at + 1] === 0) odd += 1;
  }
  if (odd > pairs * 0.4 && even < pairs * 0.05) return 'utf-16le';
  return even > pairs * 0.4 && odd < pairs * 0.05 ? 'utf-16be' : undefined;
}

/** The decoder drops the mark. */
async function* recoded(source: AsyncIterable<Buffer>, encoding: Utf16): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  try {
    for await (const chunk of source) yield Buffer.from(decoder.decode(chunk, { stream: true }), 'utf8');
    yield Buffer.from(decoder.decode(), 'utf8');
  } catch (error) {
    if (error instanceof TypeError) throw badFile('The file is not valid UTF-16. Save it as UTF-8.');
    throw error;
  }
}

async function* without(source: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Buffer> {
  let left = count;
  for await (const chunk of source) {
    const cut = Math.min(left, chunk.length);
    left -= cut;
    if (cut < chunk.length) yield toBuffer(chunk.subarray(cut));
  }
}

const startsWith = (head: Uint8Array, bytes: readonly number[]): boolean => bytes.every((byte, at) => head[at] === byte);
