import type { SallyportError } from '@sallyport/contracts';
import { type ParsedTokenInfo, TokenParser, TokenType } from '@streamparser/json';
import { failedRecord, type SourceRecord, tooLongRecord } from '../records/source-record.js';
import { MAX_DEPTH, refuseUnsafe, requireFields, tooDeep } from '../records/strict-json.js';

export type Token = ParsedTokenInfo;

const OPENING: ReadonlySet<TokenType> = new Set([TokenType.LEFT_BRACE, TokenType.LEFT_BRACKET]);
const CLOSING: ReadonlySet<TokenType> = new Set([TokenType.RIGHT_BRACE, TokenType.RIGHT_BRACKET]);

/** One element of an array. What is too long or too deep is passed over without being built. */
export class JsonElement {
  complete = false;
  private depth = 0;
  private value: unknown;
  private refused: 'too long' | SallyportError | undefined;
  private parser: TokenParser | undefined = new TokenParser({ paths: ['$'] });

  constructor(
    private readonly start: number,
    private readonly maxBytes: number,
  ) {
    this.parser!.onValue = ({ value }) => {
      this.value = value;
    };
  }

  /** Takes the next token; false: it can't stand there. */
  add(token: Token): boolean {
    if (OPENING.has(token.token)) this.depth += 1;
    if (CLOSING.has(token.token)) this.depth -= 1;
    if (!this.refused) this.judge(token);
    this.complete = this.depth === 0;
    return this.parser ? this.build(this.parser, token) : true;
  }

  /** The element as a record; `line` is its number. */
  record(line: number): SourceRecord {
    if (this.refused === 'too long') return tooLongRecord(line);
    try {
      if (this.refused) throw this.refused;
      return { line, fields: requireFields(refuseUnsafe(this.value)) };
    } catch (error) {
      return failedRecord(line, error);
    }
  }

  private judge(token: Token): void {
    if (this.depth > MAX_DEPTH) this.refused = tooDeep();
    else if (token.offset - this.start > this.maxBytes) this.refused = 'too long';
    if (this.refused) this.parser = undefined;
  }

  private build(parser: TokenParser, token: Token): boolean {
    let fits = true;
    parser.onError = () => {
      fits = false;
    };
    parser.write(token);
    return fits;
  }
}
