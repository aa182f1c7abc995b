import { StopStrings } from '../sampling/stop-strings.js';
import { Detokenizer } from '../tokenizer/detokenizer.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { EngineEvent, FinishReason, Token } from './engine.js';

export interface AnswerTextParts {
  tokenizer: Pick<Tokenizer, 'bytesOf' | 'isSpecial'>;
  maxTokens: number;
  stop?: readonly string[];
}

/** Turns chosen tokens into text, holds back what may be the beginning of a stop string, notices the end. Whoever chooses the tokens uses it. */
export class AnswerText {
  finished: FinishReason | undefined;
  completionTokens = 0;
  private readonly detokenizer: Detokenizer;
  private readonly stops: StopStrings;
  private heldTokens: Array<{ token: Token; endsAt: number }> = [];
  private generatedChars = 0;
  private releasedChars = 0;

  constructor(private readonly parts: AnswerTextParts) {
    this.detokenizer = new Detokenizer(parts.tokenizer);
    this.stops = new StopStrings(parts.stop ?? []);
  }

  /** The model ended its answer with a token that is no text. */
  endOfAnswer(): EngineEvent | undefined {
    this.completionTokens += 1;
    this.finished = 'stop';
    return this.release(this.endOfText());
  }

  /** Adds a token; returns what may be shown now. */
  push(token: Token): EngineEvent | undefined {
    this.completionTokens += 1;
    const text = this.detokenizer.push(token.id);
    this.generatedChars += text.length;
    this.heldTokens.push({ token, endsAt: this.generatedChars });
    const shown = this.stops.push(text);
    if (this.stops.stopped) this.finished = 'stop';
    else if (this.completionTokens >= this.parts.maxTokens) this.finished = 'length';
    return this.release(this.finished === 'length' ? shown + this.endOfText() : shown);
  }

  private endOfText(): string {
    const rest = this.detokenizer.flush();
    this.generatedChars += rest.length;
    return this.stops.push(rest) + this.stops.flush();
  }

  /** Tokens leave with the last of their characters; those behind a stop string never do. */
  private release(text: string): EngineEvent | undefined {
    this.releasedChars += text.length;
    const all = this.finished !== undefined && !this.stops.stopped;
    const count = this.heldTokens.findIndex(({ endsAt }) => endsAt > this.releasedChars);
    const tokens = this.heldTokens.splice(0, all || count < 0 ? this.heldTokens.length : count).map(({ token }) => token);
    return text === '' && tokens.length === 0 ? undefined : { type: 'text', text, tokens };
  }
}
