import { DEFAULT_POLICY } from '@sallyport/policy';
import { expect, it } from 'vitest';
import { SampleTally } from './sample-tally.js';

it('shows a text once, however often the log says it', () => {
  const tally = new SampleTally(DEFAULT_POLICY, { most: 3, withText: true });
  const add = (line: number, text: string, harm: number) => tally.add({ result: { line, decision: 'block', harm }, scores: [], rules: [], text });
  for (let line = 1; line <= 9; line += 1) add(line, 'the same again', 0.95);
  add(10, 'another', 0.9);
  const [harm] = tally.report();
  expect(harm!.highest.map(({ line }) => line)).toEqual([1, 10]);
  expect(harm!.nearest.map(({ line }) => line)).toEqual([10, 1]);
});

it('keeps every line of a log whose texts are not there to compare', () => {
  const tally = new SampleTally(DEFAULT_POLICY, { most: 3, withText: false });
  for (let line = 1; line <= 4; line += 1) tally.add({ result: { line, decision: 'block', harm: 0.95 }, scores: [], rules: [], text: '' });
  expect(tally.report()[0]!.highest.map(({ line }) => line)).toEqual([1, 2, 3]);
});
