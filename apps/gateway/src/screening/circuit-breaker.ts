import { SallyportError, type ErrorCode } from '@sallyport/contracts';

/** Failures that say that the service is in trouble; any other error is the caller's own. */
const SERVICE_FAILURES: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['deadline_exceeded', 'service_unavailable', 'guard_unavailable', 'generator_unavailable', 'worker_lost', 'internal_error', 'model_invalid', 'upstream_error']);

/** After `failureThreshold` failures in a row calls fail at once for `openMs`; then one call at a time tries the service again. */
export interface CircuitBreakerOptions {
  name: string;
  failureThreshold: number;
  openMs: number;
  now?: () => number;
}

/** Fails fast while a service is down, so that a dead guard costs a turn microseconds instead of a deadline. */
export class CircuitBreaker {
  private failures = 0;
  private openedAtMs: number | undefined;
  private trying = false;
  private readonly now: () => number;

  constructor(private readonly options: CircuitBreakerOptions) {
    this.now = options.now ?? (() => performance.now());
  }

  get state(): 'closed' | 'open' | 'half-open' {
    if (this.openedAtMs === undefined) return 'closed';
    return this.now() - this.openedAtMs < this.options.openMs ? 'open' : 'half-open';
  }

  /** Runs `work`, or throws `service_unavailable` with `retryAfterS` when the circuit is open. */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    this.refuseWhileOpen();
    const trial = this.state === 'half-open';
    this.trying ||= trial;
    try {
      const result = await work();
      this.close();
      return result;
    } catch (error) {
      this.record(error);
      throw error;
    } finally {
      if (trial) this.trying = false;
    }
  }

  private refuseWhileOpen(): void {
    if (this.state === 'closed' || (this.state === 'half-open' && !this.trying)) return;
    const leftMs = this.options.openMs - (this.now() - (this.openedAtMs ?? 0));
    throw new SallyportError('service_unavailable', `The ${this.options.name} service failed ${this.failures} times in a row and is not called for a moment.`, { retryAfterS: Math.max(1, Math.ceil(leftMs / 1_000)) });
  }

  private close(): void {
    this.failures = 0;
    this.openedAtMs = undefined;
  }

  private record(error: unknown): void {
    if (!SERVICE_FAILURES.has(SallyportError.from(error).code)) return;
    this.failures += 1;
    if (this.failures >= this.options.failureThreshold) this.openedAtMs = this.now();
  }
}
