import { Readable, type Transform } from 'node:stream';

/** What a transform makes of a source. Whatever ends the reading ends both; an error of the source is thrown as it is. */
export async function* piped<Out>(source: AsyncIterable<Uint8Array>, transform: Transform): AsyncGenerator<Out> {
  const readable = Readable.from(source, { objectMode: false });
  readable.on('error', (error) => transform.destroy(error));
  try {
    for await (const item of readable.pipe(transform)) yield item as Out;
  } finally {
    readable.destroy();
    transform.destroy();
  }
}
