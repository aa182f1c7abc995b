import { LlamaCoreError } from '../errors.js';
import type { Continuation, ContinuationScore, EngineEvent, EngineRequest, ScoreRequest, ScoreResult, SessionRequest } from './engine.js';

/** What the main thread asks of the engine's worker. A session is known by the number of the request that opened it, which stays open as long as it does. */
export type EngineMessage =
  | { kind: 'generate'; request: EngineRequest; expiresAt?: number }
  | { kind: 'score'; request: ScoreRequest; expiresAt?: number }
  | { kind: 'session'; request: SessionRequest; expiresAt?: number }
  | SessionMessage;

export type SessionMessage =
  | { kind: 'append'; session: number; continuation: Continuation }
  | { kind: 'truncate'; session: number; length: number }
  | { kind: 'ask'; session: number; continuations: readonly Continuation[]; expiresAt?: number };

export type EngineReply =
  | EngineEvent
  | { type: 'scored'; result: ScoreResult }
  | { type: 'session'; session: number; length: number }
  | { type: 'answer'; scores: ContinuationScore[] };

/** The deadline as a moment, since the request may wait before the worker reads it. */
export const expiry = (deadlineMs: number | undefined): { expiresAt?: number } => (deadlineMs === undefined ? {} : { expiresAt: Date.now() + deadlineMs });

/** The one reply to a request, which is of a known type. */
export async function only<Type extends EngineReply['type']>(replies: AsyncIterable<EngineReply>, type: Type): Promise<Extract<EngineReply, { type: Type }>> {
  let found: EngineReply | undefined;
  for await (const reply of replies) found = reply;
  if (found?.type !== type) throw new LlamaCoreError('worker_crashed', `The model worker answered with '${found?.type ?? 'nothing'}'; expected '${type}'.`);
  return found as Extract<EngineReply, { type: Type }>;
}
