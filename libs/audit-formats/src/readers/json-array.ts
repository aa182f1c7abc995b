import { Tokenizer } from '@streamparser/json';
import { badFile, tooLarge } from '../format-error.js';
import type { RecordStream, SourceRecord } from '../records/source-record.js';
import { JsonElements } from './json-elements.js';

/** So many times the longest record may pass without the end of a token: what is longer can't be passed over like a record. */
const TOKEN_RECORDS = 16;

/** One JSON array of objects, element by element; `line` is the number of the element. Throws `unprocessable` where the array is broken. */
export function jsonArray(bytes: AsyncIterable<Buffer>, maxRecordBytes: number): RecordStream {
  return { columns: undefined, records: readArray(bytes, maxRecordBytes) };
}

async function* readArray(source: AsyncIterable<Buffer>, maxRecordBytes: number): AsyncGenerator<SourceRecord> {
  const elements = new JsonElements(maxRecordBytes);
  const tokens = new Tokens(elements);
  let length = 0;
  for await (const chunk of source) {
    length += chunk.length;
    tokens.write(chunk);
    yield* elements.take();
    tokens.requireSound();
    if (!elements.ended && length - elements.tokenStart > maxRecordBytes * TOKEN_RECORDS) throw tooLarge(`Element ${elements.count + 1} of the array holds a value of more than ${maxRecordBytes * TOKEN_RECORDS} bytes.`);
  }
  tokens.end();
  yield* elements.take();
  tokens.requireSound();
}

/** Bytes to tokens to elements. The tokenizer refuses what is not UTF-8. */
class Tokens {
  private readonly tokenizer = new Tokenizer({ stringBufferSize: 64 * 1024 });
  private sound = true;

  constructor(private readonly elements: JsonElements) {
    this.tokenizer.onToken = (token) => {
      if (this.sound) this.sound = elements.add(token);
    };
    this.tokenizer.onError = () => {
      this.sound = false;
    };
  }

  write(chunk: Buffer): void {
    if (this.sound) this.tokenizer.write(chunk);
  }

  end(): void {
    if (this.sound && !this.tokenizer.isEnded) this.tokenizer.end();
    this.sound &&= this.elements.ended;
  }

  requireSound(): void {
    if (!this.sound) throw badFile(`The file is not one valid JSON array in UTF-8: it is broken after element ${this.elements.count}.`);
  }
}
