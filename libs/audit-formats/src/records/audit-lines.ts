import { tooLarge } from '../format-error.js';
import type { LineSample } from '../selection/line-sample.js';
import { canonicalLine, idOf, type LineRules } from './canonical-line.js';
import { failedRecord, type SourceRecord } from './source-record.js';
import type { AuditLine } from './stored-line.js';

/** What is made of the records. */
export interface LinesRules {
  rules: LineRules;
  sample: LineSample;
  /** Most characters of text that all lines may have together: a table can repeat a text with a few bits. */
  maxChars: number;
}

/** The lines of a sample of records. */
export class AuditLines implements AsyncIterable<AuditLine> {
  /** Records passed over so far. */
  skipped = 0;

  constructor(
    private readonly records: AsyncIterable<SourceRecord>,
    private readonly given: LinesRules,
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<AuditLine> {
    let chars = 0;
    for await (const record of this.records) {
      if (!this.given.sample(record.line)) {
        this.skipped += 1;
        continue;
      }
      const line = this.read(record);
      chars += charsOf(line);
      if (chars > this.given.maxChars) throw tooLarge(`The lines of the file hold more than ${this.given.maxChars} characters. Send it in parts.`);
      yield line;
    }
  }

  private read(record: SourceRecord): AuditLine {
    if ('failure' in record) return record;
    try {
      return { line: record.line, content: canonicalLine(record.fields, this.given.rules) };
    } catch (error) {
      return { ...failedRecord(record.line, error), ...idOf(record.fields, this.given.rules.fields) };
    }
  }
}

function charsOf(line: AuditLine): number {
  if (!('content' in line)) return 0;
  const { text, messages } = line.content;
  return (text?.length ?? 0) + (messages ?? []).reduce((sum, { content }) => sum + (typeof content === 'string' ? content.length : 0), 0);
}
