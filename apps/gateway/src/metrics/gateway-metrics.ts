import { Injectable } from '@nestjs/common';
import type { Decision, ScreenScores } from '@sallyport/contracts';
import { Counter, Histogram, Registry } from 'prom-client';

const LATENCY_BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Everything the gateway counts. Label values come from closed sets: routes, codes, screens, decisions; never user text. */
@Injectable()
export class GatewayMetrics {
  readonly registry = new Registry();
  private readonly requests = this.counter('sallyport_http_requests_total', 'HTTP requests by route, method and status.', ['route', 'method', 'status']);
  private readonly latency = this.histogram('sallyport_http_request_duration_seconds', 'Time from request to the last byte of the answer.', ['route', 'status']);
  private readonly screens = this.counter('sallyport_screens_total', 'Texts screened, by screen, direction and outcome (scored, cached, indeterminate).', ['screen', 'direction', 'status']);
  private readonly indeterminates = this.counter('sallyport_screens_indeterminate_total', 'Checks that gave no verdict, by screen and reason.', ['screen', 'reason']);
  private readonly inference = this.histogram('sallyport_screen_inference_seconds', 'Model time of one screened text.', ['screen']);
  private readonly decisions = this.counter('sallyport_decisions_total', 'Decisions by what was judged and action.', ['stage', 'action', 'degraded']);
  private readonly holdBack = this.histogram('sallyport_stream_check_seconds', 'Time that a piece of a streamed answer was held back for its check.', []);
  private readonly auditLines = this.counter('sallyport_audit_lines_total', 'Audit lines finished, by outcome.', ['outcome']);
  private readonly batchRequests = this.counter('sallyport_batch_requests_total', 'Requests of batches finished, by outcome.', ['outcome']);

  request(seen: { route: string; method: string; status: number; durationMs: number }): void {
    this.requests.inc({ route: seen.route, method: seen.method, status: String(seen.status) });
    this.latency.observe({ route: seen.route, status: String(seen.status) }, seen.durationMs / 1_000);
  }

  screened(scores: ScreenScores, cached: boolean): void {
    const { screen, direction } = scores;
    this.screens.inc({ screen, direction, status: cached ? 'cached' : scores.status });
    if (scores.status === 'indeterminate') this.indeterminates.inc({ screen, reason: scores.reason ?? 'error' });
    else if (!cached) this.inference.observe({ screen }, scores.inferenceMs / 1_000);
  }

  decided(stage: 'prompt' | 'response' | 'moderation' | 'audit', decision: Pick<Decision, 'action' | 'degraded'>): void {
    this.decisions.inc({ stage, action: decision.action, degraded: String(decision.degraded) });
  }

  held(durationMs: number): void {
    this.holdBack.observe(durationMs / 1_000);
  }

  audited(outcome: 'scored' | 'error', count = 1): void {
    this.auditLines.inc({ outcome }, count);
  }

  batched(outcome: 'completed' | 'failed', count = 1): void {
    this.batchRequests.inc({ outcome }, count);
  }

  private counter<Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  private histogram<Label extends string>(name: string, help: string, labelNames: Label[]): Histogram<Label> {
    return new Histogram({ name, help, labelNames, buckets: LATENCY_BUCKETS_S, registers: [this.registry] });
  }
}
