import { SallyportError } from '@sallyport/contracts';

/** The same bytes as long as they are no more than the limit. Throws `request_too_large`. */
export async function* limited(source: AsyncIterable<Buffer>, limitBytes: number): AsyncGenerator<Buffer> {
  let seenBytes = 0;
  for await (const chunk of source) {
    seenBytes += chunk.length;
    if (seenBytes > limitBytes) throw new SallyportError('request_too_large', `The upload is larger than ${limitBytes} bytes.`);
    yield chunk;
  }
}
