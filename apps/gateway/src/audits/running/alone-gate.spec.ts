import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AloneGate } from './alone-gate.js';

it('lets many in together, or one alone, whatever the order, and nobody waits for ever', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.record({ alone: fc.boolean(), turns: fc.nat(3), fails: fc.boolean(), pause: fc.nat(2) }), { maxLength: 30 }), async (visits) => {
    const gate = new AloneGate();
    const inside = { together: 0, alone: 0 };
    const done: Array<Promise<unknown>> = [];
    for (const { alone, turns, fails, pause } of visits) {
      const kind = alone ? 'alone' : 'together';
      const visit = gate[kind](async () => {
        inside[kind] += 1;
        for (let at = 0; at <= turns; at += 1) {
          expect(inside.alone === 0 || (inside.alone === 1 && inside.together === 0)).toBe(true);
          await turn();
        }
        inside[kind] -= 1;
        if (fails) throw new Error('expected');
      });
      done.push(visit.catch((error: Error) => { if (error.message !== 'expected') throw error; }));
      for (let at = 0; at < pause; at += 1) await turn();
    }
    await Promise.all(done);
    expect(inside).toEqual({ together: 0, alone: 0 });
  }));
});
