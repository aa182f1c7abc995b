import type { BatchEndpoint, BatchError } from '@sallyport/contracts';
import { ndjsonLines } from '@sallyport/audit-formats';
import { checkLine } from './batch-line.js';

/** What an input file must keep to. */
export interface InputLimits {
  endpoint: BatchEndpoint;
  maxRequests: number;
  maxLineBytes: number;
  /** Lines of one chunk. */
  chunkLines: number;
}

/** A fault list longer than this helps nobody. */
const MAX_ERRORS = 1_000;
/** Size at which a chunk ends whatever the number of its lines, so that no job holds much. */
const CHUNK_CHARACTERS = 1_000_000;

/** Reads an input file line by line: gives chunks of lines until a fault is found, and returns all faults. No faults: the chunks are the whole file. */
export async function* validatedChunks(bytes: AsyncIterable<Buffer>, limits: InputLimits): AsyncGenerator<string[], BatchError[]> {
  const validation = new Validation(limits);
  for await (const { line, bytes: content } of ndjsonLines(bytes, limits.maxLineBytes)) {
    const chunk = validation.add(line, content);
    if (chunk) yield chunk;
    if (validation.full) break;
  }
  const last = validation.end();
  if (last) yield last;
  return validation.errors;
}

class Validation {
  readonly errors: BatchError[] = [];
  private readonly lineOfId = new Map<string, number>();
  private lines: string[] = [];
  private characters = 0;
  private requests = 0;

  constructor(private readonly limits: InputLimits) {}

  get full(): boolean {
    return this.errors.length >= MAX_ERRORS || this.requests > this.limits.maxRequests;
  }

  /** The chunk that is complete with this line, if it is and the file has no fault so far. */
  add(line: number, bytes: Buffer | undefined): string[] | undefined {
    const { endpoint, maxRequests } = this.limits;
    this.requests += 1;
    if (this.requests > maxRequests) return this.refuse({ code: 'too_many_requests', message: `The file has more than ${maxRequests} requests.`, param: null, line: null });
    const checked = checkLine(bytes, endpoint);
    if ('fault' in checked) return this.refuse({ ...checked.fault, line });
    const before = this.lineOfId.get(checked.customId);
    if (before !== undefined) return this.refuse({ code: 'duplicate_custom_id', message: `The 'custom_id' of this line is that of line ${before}.`, param: 'custom_id', line });
    this.lineOfId.set(checked.customId, line);
    return this.errors.length > 0 ? undefined : this.keep(checked.text);
  }

  /** The last chunk, if anything is left. */
  end(): string[] | undefined {
    if (this.requests === 0) this.errors.push({ code: 'empty_file', message: 'The file has no requests.', param: null, line: null });
    return this.errors.length === 0 && this.lines.length > 0 ? this.lines : undefined;
  }

  private keep(text: string): string[] | undefined {
    this.lines.push(text);
    this.characters += text.length;
    if (this.lines.length < this.limits.chunkLines && this.characters < CHUNK_CHARACTERS) return undefined;
    const complete = this.lines;
    this.lines = [];
    this.characters = 0;
    return complete;
  }

  private refuse(error: BatchError): undefined {
    this.errors.push(error);
  }
}
