import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HoldBack, type HoldBackCheck, type HoldBackOptions } from './hold-back.js';

const WINDOW: HoldBackOptions = { mode: 'window', holdBackChars: 200, holdBackMs: 500 };

/** One step of a random run: text arrives, the running check ends, or time passes. */
type Step = { push: string } | { answer: true } | { wait: number };

const texts = fc.oneof(fc.string({ maxLength: 30, unit: 'binary' }), fc.lorem({ maxCount: 12 }), fc.constantFrom('Yes. ', 'No!\n', ' ', '。', '👩‍👩‍👧', 'e.g. 3.14'));
const steps: fc.Arbitrary<Step[]> = fc.array(fc.oneof(texts.map((push) => ({ push })), fc.constant({ answer: true as const }), fc.nat(800).map((wait) => ({ wait }))), { maxLength: 60 });
const options: fc.Arbitrary<HoldBackOptions> = fc.record({ mode: fc.constantFrom('window', 'buffer'), holdBackChars: fc.nat(120), holdBackMs: fc.nat(1_000), overlapChars: fc.nat(50), wholeChars: fc.nat(300) });

/** Runs the steps against a screen that flags any window holding `violation`, as far as the answer goes. */
function drive(hold: HoldBack, run: Step[], isBad: (check: HoldBackCheck) => boolean) {
  let nowMs = 0;
  let released = '';
  let running: HoldBackCheck | undefined;
  const passed: HoldBackCheck[] = [];
  const resolve = () => {
    if (!running) return;
    const check = running;
    running = undefined;
    if (isBad(check)) hold.block(check);
    else {
      hold.pass(check);
      passed.push(check);
    }
  };
  const advance = () => {
    running ??= hold.nextCheck(nowMs);
    released += hold.take();
  };
  for (const step of run) {
    if ('push' in step) hold.push(step.push, nowMs);
    else if ('wait' in step) nowMs += step.wait;
    else resolve();
    advance();
  }
  hold.finish();
  for (let round = 0; round < 3 && !hold.done && !hold.blocked; round += 1) {
    resolve();
    advance();
    resolve();
    advance();
  }
  return { released, passed };
}

describe('HoldBack over random chunkings', () => {
  it('releases the whole answer, in order, when every check passes', () => {
    fc.assert(fc.property(options, steps, (limits, run) => {
      const hold = new HoldBack(limits);
      const { released } = drive(hold, run, () => false);
      expect(hold.done).toBe(true);
      expect(released).toBe(run.map((step) => ('push' in step ? step.push : '')).join(''));
    }));
  });

  it('never releases a character that no passed check has covered', () => {
    fc.assert(fc.property(options, steps, (limits, run) => {
      const hold = new HoldBack(limits);
      const { released, passed } = drive(hold, run, () => false);
      const covered = new Set(passed.flatMap((check) => Array.from({ length: check.upTo - check.from }, (_, index) => check.from + index)));
      for (let index = 0; index < released.length; index += 1) expect(covered.has(index)).toBe(true);
      for (const check of passed) expect(check.text).toBe(hold.answer.slice(check.from, check.upTo));
    }));
  });

  it('releases nothing at or past a violation, wherever the chunks fall', () => {
    fc.assert(fc.property(options, steps, fc.nat(40), (limits, run, at) => {
      const hold = new HoldBack(limits);
      const poisoned: Step[] = [...run.slice(0, at), { push: '\u0001' }, ...run.slice(at)].map((step) => ('push' in step && step.push !== '\u0001' ? { push: step.push.replaceAll('\u0001', '') } : step));
      const { released } = drive(hold, poisoned, (check) => check.text.includes('\u0001'));
      expect(released).not.toContain('\u0001');
      expect(hold.answer.startsWith(released)).toBe(true);
      expect(hold.blocked).toBe(true);
      expect(hold.done).toBe(false);
    }));
  });

  it('ends with a check of the whole answer before it is done', () => {
    fc.assert(fc.property(options, steps, (limits, run) => {
      const hold = new HoldBack(limits);
      const { passed } = drive(hold, run, () => false);
      if (hold.answer === '') return;
      expect(passed.some((check) => check.from === 0 && check.upTo === hold.answer.length)).toBe(true);
    }));
  });

  it('never splits a surrogate pair of the answer when released text is cut by force', () => {
    const hold = new HoldBack({ ...WINDOW, holdBackChars: 2 });
    hold.push('ab\ud83d', 0);
    const check = hold.nextCheck(0);
    expect(check?.text).toBe('ab');
  });
});

describe('HoldBack', () => {
  it('checks at a sentence boundary and holds the rest', () => {
    const hold = new HoldBack(WINDOW);
    hold.push('One. Two is 3.14 and', 0);
    const check = hold.nextCheck(0);
    expect(check).toMatchObject({ from: 0, text: 'One. ', final: false });
    expect(hold.take()).toBe('');
    hold.pass(check!);
    expect(hold.take()).toBe('One. ');
    expect(hold.nextCheck(0)).toBeUndefined();
  });

  it('forces a check when too much waits and when it waits too long', () => {
    const long = new HoldBack({ ...WINDOW, holdBackChars: 10 });
    long.push('words without an end', 0);
    expect(long.nextCheck(0)?.text).toBe('words without an');
    const late = new HoldBack(WINDOW);
    late.push('a few words', 100);
    expect(late.dueAtMs).toBe(600);
    expect(late.nextCheck(599)).toBeUndefined();
    expect(late.nextCheck(600)?.text).toBe('a few');
  });

  it('reads only the overlap and the new text once the answer is long', () => {
    const hold = new HoldBack({ ...WINDOW, overlapChars: 20, wholeChars: 50 });
    hold.push(`${'x'.repeat(60)}. `, 0);
    hold.pass(hold.nextCheck(0)!);
    hold.push('And more. ', 0);
    expect(hold.nextCheck(0)).toMatchObject({ from: 42, upTo: 72 });
  });

  it('lets text pass at once in audit mode and still checks the whole at the end', () => {
    const hold = new HoldBack({ ...WINDOW, mode: 'audit' });
    hold.push('Hello', 0);
    expect(hold.take()).toBe('Hello');
    expect(hold.nextCheck(9_999)).toBeUndefined();
    hold.finish();
    expect(hold.nextCheck(0)).toMatchObject({ from: 0, upTo: 5, final: true });
  });

  it('needs no check for an empty answer', () => {
    const hold = new HoldBack(WINDOW);
    hold.finish();
    expect(hold.nextCheck(0)).toBeUndefined();
    expect(hold.done).toBe(true);
  });
});
