import type { Tokenizer } from './tokenizer.js';

/** Turns a stream of token ids into text; a character whose bytes span tokens comes out with its last byte, never in halves. */
export class Detokenizer {
  private readonly decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  constructor(private readonly tokenizer: Pick<Tokenizer, 'bytesOf' | 'isSpecial'>) {}

  /** Text that became complete with this token; empty for control tokens and for unfinished characters. */
  push(tokenId: number): string {
    return this.tokenizer.isSpecial(tokenId) ? '' : this.decoder.decode(this.tokenizer.bytesOf(tokenId), { stream: true });
  }

  /** Whatever is left at the end: U+FFFD where the last character never became complete. */
  flush(): string {
    return this.decoder.decode();
  }
}
