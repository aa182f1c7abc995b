import { SallyportError } from '@sallyport/contracts';
import { describe, expect, it } from 'vitest';
import type { TokenAlternatives } from './answer.js';
import { ChannelGate } from './channel-gate.js';
import { HoldBack, type HoldBackCheck, type HoldBackMode } from './hold-back.js';

/** A gate whose checks the test answers one by one. */
function gate(mode: HoldBackMode = 'window', limits = { holdBackChars: 1_000, holdBackMs: 60_000 }) {
  const checks: Array<{ check: HoldBackCheck; resolve(passed: boolean): void; reject(error: unknown): void }> = [];
  const seen = { text: '', logprobs: [] as TokenAlternatives[] };
  const channel = new ChannelGate({
    hold: new HoldBack({ mode, ...limits }),
    passes: (check) => new Promise((resolve, reject) => { checks.push({ check, resolve, reject }); }),
    release: (text, logprobs) => {
      seen.text += text;
      seen.logprobs.push(...logprobs);
    },
    now: () => performance.now(),
  });
  return { channel, checks, seen };
}

const tick = () => new Promise((resolve) => setImmediate(resolve));
const token = (text: string): TokenAlternatives[] => [{ token: text, logprob: -0.1, bytes: [], top: [] }];

describe('ChannelGate', () => {
  it('goes on taking text while a check runs, and checks what came meanwhile next', async () => {
    const { channel, checks, seen } = gate();
    channel.push('One. ');
    channel.push('Two. ');
    channel.push('Three. ');
    expect(checks.map(({ check }) => check.text)).toEqual(['One. ']);
    checks[0]?.resolve(true);
    await tick();
    expect(seen.text).toBe('One. ');
    expect(checks[1]?.check.text).toBe('One. Two. Three. ');
  });

  it('keeps log-probabilities back with the text of their tokens', async () => {
    const { channel, checks, seen } = gate();
    channel.push('Yes.', token('Yes.'));
    channel.push(' N', token(' N'));
    checks[0]?.resolve(true);
    await tick();
    expect(seen.text).toBe('Yes. ');
    expect(seen.logprobs.map(({ token: text }) => text)).toEqual(['Yes.']);
    channel.finish();
    checks[1]?.resolve(true);
    await expect(channel.settled).resolves.toBe(true);
    expect(seen.text).toBe('Yes. N');
    expect(seen.logprobs).toHaveLength(2);
  });

  it('lets nothing out after a violation, even when more text comes', async () => {
    const { channel, checks, seen } = gate();
    channel.push('Fine. ');
    checks[0]?.resolve(true);
    await tick();
    channel.push('Bad. ');
    checks[1]?.resolve(false);
    await expect(channel.settled).resolves.toBe(false);
    channel.push('More. ');
    channel.finish();
    expect(seen.text).toBe('Fine. ');
    expect(checks).toHaveLength(2);
  });

  it('rejects when a check could not be made', async () => {
    const { channel, checks, seen } = gate();
    channel.push('Text. ');
    checks[0]?.reject(new SallyportError('guard_unavailable', 'no verdict'));
    await expect(channel.settled).rejects.toMatchObject({ code: 'guard_unavailable' });
    expect(seen.text).toBe('');
  });

  it('checks overdue text by itself, without more text arriving', async () => {
    const { channel, checks } = gate('window', { holdBackChars: 1_000, holdBackMs: 5 });
    channel.push('a few words');
    while (checks.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(checks[0]?.check.text).toBe('a few');
    channel.close();
  });

  it('holds everything in buffer mode and passes everything at once in audit mode', async () => {
    const buffered = gate('buffer');
    buffered.channel.push('One. Two. ');
    expect(buffered.checks).toHaveLength(0);
    expect(buffered.seen.text).toBe('');
    const audited = gate('audit');
    audited.channel.push('One. Two. ');
    expect(audited.seen.text).toBe('One. Two. ');
    audited.channel.finish();
    expect(audited.checks.map(({ check }) => check.final)).toEqual([true]);
  });
});
