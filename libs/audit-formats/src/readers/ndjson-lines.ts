/** One line of an upload. `bytes` is undefined for a line that is longer than the limit; the rest of it was skipped. */
export interface UploadLine {
  /** Counts from 1, blank lines included, so that it is the line of the file. */
  line: number;
  bytes: Buffer | undefined;
}

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Cuts a byte stream into lines without ever holding more than one line. Blank lines are counted and left out. */
export async function* ndjsonLines(source: AsyncIterable<Buffer | Uint8Array>, maxLineBytes: number): AsyncGenerator<UploadLine> {
  const splitter = new LineSplitter(maxLineBytes);
  for await (const chunk of source) yield* splitter.add(Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk));
  yield* splitter.end();
}

class LineSplitter {
  private parts: Buffer[] = [];
  private length = 0;
  private line = 1;

  constructor(private readonly maxLineBytes: number) {}

  *add(chunk: Buffer): Generator<UploadLine> {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      this.keep(chunk.subarray(from, at));
      yield* this.end();
      this.line += 1;
      from = at + 1;
    }
    this.keep(chunk.subarray(from));
  }

  /** The line gathered so far, if it is not blank. */
  *end(): Generator<UploadLine> {
    const tooLong = this.length > this.maxLineBytes;
    const bytes = tooLong ? undefined : withoutReturn(Buffer.concat(this.parts));
    this.parts = [];
    this.length = 0;
    if (tooLong || (bytes && !isBlank(bytes))) yield { line: this.line, bytes };
  }

  private keep(part: Buffer): void {
    this.length += part.length;
    if (this.length <= this.maxLineBytes) this.parts.push(part);
    else this.parts = [];
  }
}

function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
}

function isBlank(line: Buffer): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09);
}
