/** How an answer is released: `window` sentence by sentence, `buffer` only as a whole, `audit` at once with one check at the end. */
export type HoldBackMode = 'window' | 'buffer' | 'audit';

/** Limits of one hold-back, in characters (UTF-16 units) and milliseconds. */
export interface HoldBackOptions {
  mode: HoldBackMode;
  /** More unchecked text than this forces a check without a sentence boundary. */
  holdBackChars: number;
  /** Text unchecked for longer than this forces a check without a sentence boundary. */
  holdBackMs: number;
  /** Checked text that each later window repeats, so that harm across a border is seen whole. */
  overlapChars?: number;
  /** Up to this length every check reads the answer from its beginning. */
  wholeChars?: number;
}

/** A piece of the answer to be screened: `text` is the answer from offset `from` to `upTo`. */
export interface HoldBackCheck {
  from: number;
  upTo: number;
  text: string;
  /** The check after the last token: it reads the whole answer. */
  final: boolean;
}

const SENTENCE_END = /[.!?…]["'”’)\]]*\s|[。！？]|\n/gu;

/**
 * Decides which part of a growing answer is screened next and which part may leave. It does no I/O and reads no clock.
 * Invariant (modes `window` and `buffer`): a character leaves only after a passed check that covered it, and nothing leaves after a block.
 */
export class HoldBack {
  private text = '';
  private clearedTo = 0;
  private releasedTo = 0;
  private inFlight: HoldBackCheck | undefined;
  private pendingSinceMs: number | undefined;
  private finished = false;
  private wholePassed = false;
  private stopped = false;
  private readonly overlapChars: number;
  private readonly wholeChars: number;

  constructor(private readonly options: HoldBackOptions) {
    this.overlapChars = options.overlapChars ?? 1_000;
    this.wholeChars = options.wholeChars ?? 2_000;
  }

  /** Adds generated text. */
  push(piece: string, nowMs: number): void {
    if (this.finished) throw new Error('push after finish');
    if (piece === '') return;
    this.text += piece;
    this.pendingSinceMs ??= nowMs;
  }

  /** No more text will come: the next check covers the whole answer. */
  finish(): void {
    this.finished = true;
  }

  get answer(): string {
    return this.text;
  }

  get released(): number {
    return this.releasedTo;
  }

  get blocked(): boolean {
    return this.stopped;
  }

  /** True when the whole answer passed, so that all of it may be taken. */
  get done(): boolean {
    return this.finished && !this.stopped && (this.wholePassed || this.text === '');
  }

  /** When unchecked text becomes overdue, so that the caller can set a timer; undefined when none is waiting. */
  get dueAtMs(): number | undefined {
    if (this.options.mode !== 'window' || this.finished || this.inFlight || this.pendingSinceMs === undefined) return undefined;
    return this.pendingSinceMs + this.options.holdBackMs;
  }

  /** The check to run now, or undefined when one runs already or none is due. The caller answers with {@link pass} or {@link block}. */
  nextCheck(nowMs: number): HoldBackCheck | undefined {
    if (this.inFlight || this.stopped || this.wholePassed) return undefined;
    if (this.finished) return this.text === '' ? undefined : this.start(0, this.text.length, true);
    if (this.options.mode !== 'window') return undefined;
    const upTo = this.sentenceEnd() ?? this.forcedEnd(nowMs);
    if (upTo === undefined || upTo <= this.clearedTo) return this.waitAgain(nowMs);
    const from = upTo <= this.wholeChars ? 0 : Math.max(0, this.clearedTo - this.overlapChars);
    this.pendingSinceMs = upTo < this.text.length ? nowMs : undefined;
    return this.start(wholeCharacter(this.text, from), upTo, false);
  }

  /** The text of the running check may leave. */
  pass(check: HoldBackCheck): void {
    this.end(check);
    this.clearedTo = Math.max(this.clearedTo, check.upTo);
    if (this.finished && check.from === 0 && check.upTo === this.text.length) this.wholePassed = true;
  }

  /** The running check found a violation, or gave no verdict: nothing more leaves. */
  block(check: HoldBackCheck): void {
    this.end(check);
    this.stopped = true;
  }

  /** Text that may leave now and has not been taken yet; empty when there is none. */
  take(): string {
    if (this.stopped) return '';
    const upTo = this.options.mode === 'audit' ? this.text.length : this.clearedTo;
    const piece = this.text.slice(this.releasedTo, upTo);
    this.releasedTo = upTo;
    return piece;
  }

  private start(from: number, upTo: number, final: boolean): HoldBackCheck {
    this.inFlight = { from, upTo, text: this.text.slice(from, upTo), final };
    return this.inFlight;
  }

  private end(check: HoldBackCheck): void {
    if (check !== this.inFlight) throw new Error('answer to a check that is not running');
    this.inFlight = undefined;
  }

  /** Overdue text that cannot be cut yet (half of a surrogate pair) waits for one more period. */
  private waitAgain(nowMs: number): undefined {
    if (this.isOverdue(nowMs)) this.pendingSinceMs = nowMs;
  }

  private isOverdue(nowMs: number): boolean {
    return this.pendingSinceMs !== undefined && nowMs - this.pendingSinceMs >= this.options.holdBackMs;
  }

  private sentenceEnd(): number | undefined {
    let end: number | undefined;
    for (const match of this.text.slice(this.clearedTo).matchAll(SENTENCE_END)) end = this.clearedTo + match.index + match[0].length;
    return end;
  }

  /** The end of the last whole word once too much text waits or waits too long; a word that fills the whole hold-back is cut. */
  private forcedEnd(nowMs: number): number | undefined {
    const waiting = this.text.length - this.clearedTo;
    if (waiting === 0 || (waiting <= this.options.holdBackChars && !this.isOverdue(nowMs))) return undefined;
    const space = this.text.lastIndexOf(' ');
    return wholeCharacter(this.text, space > this.clearedTo ? space : this.text.length);
  }
}

/** Moves an offset back by one where it would split a surrogate pair. */
function wholeCharacter(text: string, offset: number): number {
  const unit = text.charCodeAt(offset - 1);
  return unit >= 0xd800 && unit <= 0xdbff ? offset - 1 : offset;
}
