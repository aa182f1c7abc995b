import { describe, expect, it } from 'vitest';
import { TurnPace } from './turn-pace.js';

describe('TurnPace', () => {
  const pace = () => new TurnPace({ turnMs: 2_000, most: 32 });

  it('takes one chunk until it knows how long one takes', () => expect(pace().chunks).toBe(1));

  it('takes as many as fit into a turn, whatever the guards are', () => {
    for (const [ms, chunks] of [[60_000, 1], [2_000, 1], [500, 4], [100, 20], [1, 32]] as const) {
      const measured = pace();
      measured.measured(1, ms);
      expect(measured.chunks).toBe(chunks);
    }
  });

  it('follows when guards become slower', () => {
    const measured = pace();
    measured.measured(20, 2_000);
    for (let turns = 0; turns < 8; turns += 1) measured.measured(1, 2_000);
    expect(measured.chunks).toBe(1);
  });
});
