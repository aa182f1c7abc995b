import { SallyportError } from '@sallyport/contracts';
import { describe, expect, it } from 'vitest';
import { CircuitBreaker } from './circuit-breaker.js';

function breaker() {
  const clock = { nowMs: 0 };
  return { clock, circuit: new CircuitBreaker({ name: 'guard', failureThreshold: 2, openMs: 1_000, now: () => clock.nowMs }) };
}

const fail = (code: 'deadline_exceeded' | 'invalid_request') => () => Promise.reject(new SallyportError(code, 'no'));

describe('CircuitBreaker', () => {
  it('opens after failures in a row and then refuses without calling', async () => {
    const { circuit } = breaker();
    await expect(circuit.run(fail('deadline_exceeded'))).rejects.toMatchObject({ code: 'deadline_exceeded' });
    await expect(circuit.run(fail('deadline_exceeded'))).rejects.toMatchObject({ code: 'deadline_exceeded' });
    let called = false;
    const refused = circuit.run(async () => { called = true; });
    await expect(refused).rejects.toMatchObject({ code: 'service_unavailable', retryAfterS: 1 });
    expect(called).toBe(false);
  });

  it('does not count errors that the caller caused, and a success resets the count', async () => {
    const { circuit } = breaker();
    for (let count = 0; count < 5; count += 1) await expect(circuit.run(fail('invalid_request'))).rejects.toThrow();
    await expect(circuit.run(fail('deadline_exceeded'))).rejects.toThrow();
    await circuit.run(async () => 1);
    await expect(circuit.run(fail('deadline_exceeded'))).rejects.toThrow();
    expect(circuit.state).toBe('closed');
  });

  it('lets one trial through after the pause and closes when it succeeds', async () => {
    const { circuit, clock } = breaker();
    await circuit.run(fail('deadline_exceeded')).catch(() => undefined);
    await circuit.run(fail('deadline_exceeded')).catch(() => undefined);
    clock.nowMs = 1_000;
    let finish = () => {};
    const trial = circuit.run(() => new Promise<void>((resolve) => { finish = resolve; }));
    await expect(circuit.run(async () => 2)).rejects.toMatchObject({ code: 'service_unavailable' });
    finish();
    await trial;
    await expect(circuit.run(async () => 3)).resolves.toBe(3);
  });

  it('opens again when the trial fails', async () => {
    const { circuit, clock } = breaker();
    await circuit.run(fail('deadline_exceeded')).catch(() => undefined);
    await circuit.run(fail('deadline_exceeded')).catch(() => undefined);
    clock.nowMs = 1_500;
    await circuit.run(fail('deadline_exceeded')).catch(() => undefined);
    expect(circuit.state).toBe('open');
  });
});
