import { LlamaCoreError } from '../../errors.js';
import { ByteAutomaton, type State } from './byte-automaton.js';
import type { Grammar } from './grammar.js';
import type { TokenConstraint } from './token-constraint.js';
import type { TokenVocabulary } from './token-vocabulary.js';

/** Keeps an answer inside a language: every token it allows can still lead to a sentence, and the end comes only after a whole one. */
export class GrammarConstraint implements TokenConstraint {
  private readonly automaton: ByteAutomaton;
  private state: State;

  constructor(
    grammar: Grammar,
    private readonly vocabulary: TokenVocabulary,
  ) {
    this.automaton = new ByteAutomaton(grammar);
    this.state = this.automaton.start();
    if (this.state.stacks.length === 0 && !this.state.accepting) throw new LlamaCoreError('invalid_request', 'The response format allows no answer at all.', { param: 'responseFormat' });
  }

  allowed(): Uint32Array {
    this.state.mask ??= this.vocabulary.mask(this.automaton, this.state);
    return this.state.mask;
  }

  permits(id: number): boolean {
    return this.after(id) !== null;
  }

  /** @throws LlamaCoreError `invalid_request` for a token that was not allowed. */
  accept(id: number): void {
    const state = this.after(id);
    if (!state) throw new LlamaCoreError('invalid_request', `Token ${id} is not allowed here by the response format.`, { param: 'responseFormat' });
    this.state = this.automaton.trimmed(state);
  }

  /** The state behind a token; an end token leaves it as it is. */
  private after(id: number): State | null {
    if (this.vocabulary.isEnd(id)) return this.state.accepting ? this.state : null;
    let state: State | null = this.state;
    const bytes = this.vocabulary.bytesOf(id);
    if (bytes.length === 0) return null;
    for (const byte of bytes) state = state && this.automaton.step(state, byte);
    return state;
  }
}
