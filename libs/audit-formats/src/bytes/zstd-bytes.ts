import { Decompress } from 'fzstd';
import { badFile } from '../format-error.js';
import { ZstdFrames } from './zstd-frames.js';

const MAX_PIECE_BYTES = 16 * 1024;

/** Unpacks zstd as a stream. Throws `unprocessable` for a broken file, `request_too_large` for one whose decoder would need too much memory. */
export async function* unpackZstd(source: AsyncIterable<Buffer>): AsyncGenerator<Uint8Array> {
  const ready: Uint8Array[] = [];
  let ended = false;
  const frames = new ZstdFrames();
  const decoder = new Decompress((chunk, final) => {
    if (chunk.length > 0) ready.push(chunk);
    ended ||= final ?? false;
  });
  for await (const piece of pieces(source)) {
    frames.add(piece);
    sound(() => decoder.push(piece));
    yield* ready.splice(0);
  }
  sound(() => decoder.push(new Uint8Array(0), true));
  yield* ready.splice(0);
  if (!ended) throw broken();
}

/** Whatever the decoder throws, the file is at fault. */
function sound(step: () => void): void {
  try {
    step();
  } catch {
    throw broken();
  }
}

const broken = () => badFile('The file is not complete, valid zstd. Pack it again, or send it unpacked.');

/** Few bytes at a time, so that a bomb is noticed before much of it is unpacked. */
async function* pieces(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of source) for (let at = 0; at < chunk.length; at += MAX_PIECE_BYTES) yield chunk.subarray(at, at + MAX_PIECE_BYTES);
}
