import { TokenType } from '@streamparser/json';
import type { SourceRecord } from '../records/source-record.js';
import { JsonElement, type Token } from './json-element.js';

/** What may stand next between two elements. */
type Expected = 'opening' | 'first' | 'value' | 'comma' | 'nothing';

/** Elements of one JSON array, from its tokens. */
export class JsonElements {
  /** Elements that are complete. */
  count = 0;
  /** Where in the file the last token began. */
  tokenStart = 0;
  private expected: Expected = 'opening';
  private element: JsonElement | undefined;
  private ready: SourceRecord[] = [];

  constructor(private readonly maxBytes: number) {}

  get ended(): boolean {
    return this.expected === 'nothing';
  }

  /** Takes the next token; false: it can't stand there. */
  add(token: Token): boolean {
    this.tokenStart = token.offset;
    return this.element ? this.content(this.element, token) : this.between(token);
  }

  /** The elements that were completed since the last call. */
  take(): SourceRecord[] {
    const taken = this.ready;
    this.ready = [];
    return taken;
  }

  private between(token: Token): boolean {
    if (this.expected === 'nothing') return false;
    if (this.expected === 'opening') return this.expect('first', token.token === TokenType.LEFT_BRACKET);
    if (token.token === TokenType.RIGHT_BRACKET) return this.expect('nothing', this.expected !== 'value');
    if (this.expected === 'comma') return this.expect('value', token.token === TokenType.COMMA);
    this.element = new JsonElement(token.offset, this.maxBytes);
    return this.content(this.element, token);
  }

  private expect(next: Expected, allowed: boolean): boolean {
    this.expected = next;
    return allowed;
  }

  private content(element: JsonElement, token: Token): boolean {
    const fits = element.add(token);
    if (!element.complete) return fits;
    this.count += 1;
    this.ready.push(element.record(this.count));
    this.element = undefined;
    return this.expect('comma', fits);
  }
}
