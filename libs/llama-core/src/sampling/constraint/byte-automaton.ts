import { LlamaCoreError } from '../../errors.js';
import type { Grammar } from './grammar.js';

/** What is still to be read, topmost first. Equal stacks are one object: a stack is found through the one below it. */
class Stack {
  private readonly above = new Map<Grammar, Stack>();

  constructor(
    readonly id: number,
    readonly top?: Grammar,
    readonly below?: Stack,
  ) {}

  push(part: Grammar, newId: () => number): Stack {
    const known = this.above.get(part);
    if (known) return known;
    const stack = new Stack(newId(), part, this);
    this.above.set(part, stack);
    return stack;
  }
}

/** All ways in which the bytes so far can be read. */
export interface State {
  /** Each with a byte set on top. */
  readonly stacks: readonly Stack[];
  /** The bytes so far are a whole sentence of the language. */
  readonly accepting: boolean;
  /** Where a byte leads: null nowhere, undefined not known yet. */
  readonly next: Array<State | null | undefined>;
  /** Tokens that may follow, once someone has asked. */
  mask?: Uint32Array;
}

/** States kept before all are forgotten; each has up to 256 places. */
const MOST_STATES = 8_192;
/** Ways to read the same bytes, of which a schema can ask for exponentially many (`anyOf` of equal recursive options). */
const MOST_STACKS = 8_192;

/** Reads a language byte by byte; states are made as they are met and kept, so that meeting one again costs a look-up. */
export class ByteAutomaton {
  private ids = 0;
  private root = new Stack(0);
  private states = new Map<string, State>();

  constructor(private readonly grammar: Grammar) {}

  start(): State {
    return this.closure([this.root.push(this.grammar, this.newId)]);
  }

  /** The state after one more byte; null when no sentence goes on so. @throws LlamaCoreError `invalid_request` when there are too many ways to get there. */
  step(state: State, byte: number): State | null {
    const known = state.next[byte];
    if (known !== undefined) return known;
    const rest = state.stacks.filter(({ top }) => top?.kind === 'byte' && top.set[byte] === 1).map(({ below }) => below!);
    const next = rest.length === 0 ? null : this.closure(rest);
    state.next[byte] = next;
    return next;
  }

  /** The same state, after forgetting all others when there are too many of them. Only between two tokens. */
  trimmed(state: State): State {
    if (this.states.size < MOST_STATES) return state;
    this.states = new Map();
    this.root = new Stack(this.newId());
    const stacks = state.stacks.map((stack) => this.rebuilt(stack));
    return this.closure(state.accepting ? [...stacks, this.root] : stacks);
  }

  private readonly newId = (): number => ++this.ids;

  private rebuilt(stack: Stack): Stack {
    const parts: Grammar[] = [];
    for (let at: Stack | undefined = stack; at?.top; at = at.below) parts.push(at.top);
    return parts.reduceRight((below, part) => below.push(part, this.newId), this.root);
  }

  /** Expands what is on top until a byte is. */
  private closure(from: readonly Stack[]): State {
    const seen = new Set<Stack>();
    const stacks: Stack[] = [];
    const open = [...from];
    for (let stack = open.pop(); stack; stack = open.pop()) {
      if (seen.has(stack)) continue;
      seen.add(stack);
      if (stacks.length > MOST_STACKS) throw new LlamaCoreError('invalid_request', `The response format can be read in more than ${MOST_STACKS} ways at once.`, { param: 'responseFormat' });
      const { top, below } = stack;
      if (top?.kind === 'byte') stacks.push(stack);
      else if (top && below) open.push(...this.expanded(top, below));
    }
    stacks.sort((a, b) => a.id - b.id);
    return this.interned(stacks, seen.has(this.root));
  }

  private expanded(top: Exclude<Grammar, { kind: 'byte' }>, below: Stack): Stack[] {
    if (top.kind === 'choice') return top.options.map((option) => below.push(option, this.newId));
    if (top.kind === 'lazy') return [below.push(top.get(), this.newId)];
    return [top.parts.reduceRight((stack, part) => stack.push(part, this.newId), below)];
  }

  private interned(stacks: readonly Stack[], accepting: boolean): State {
    const key = `${stacks.map(({ id }) => id).join()}${accepting ? '!' : ''}`;
    const known = this.states.get(key);
    if (known) return known;
    const state: State = { stacks, accepting, next: new Array<State | null | undefined>(256) };
    this.states.set(key, state);
    return state;
  }
}
