import { randomUUID } from 'node:crypto';
import { type AuditResult, type PolicyVersion, SallyportError } from '@sallyport/contracts';
import type { StoredScores } from '@sallyport/policy';
import type { AuditRepository, BegunChunk } from '@sallyport/storage';
import type { ScreeningService } from '../../screening/screening.service.js';
import { AloneGate } from './alone-gate.js';
import { type ScreenedChunk, screenChunk, unendingResult } from './audit-screening.js';
import { FirstResults } from './first-results.js';

/** A chunk that a job has taken. */
export interface TakenChunk {
  auditId: string;
  ordinal: number;
  turn: string;
  policy: PolicyVersion;
  /** An earlier try of it did not end. */
  tried: boolean;
}

/** How a try ended. `outage`: the guards gave no verdict of anything; `again`: they did, but not of this chunk. */
export type TryEnd = { kind: 'ended'; lines: number } | { kind: 'outage' } | { kind: 'again'; tries: number };

/** What tries need. */
export interface ChunkTryParts {
  audits: AuditRepository;
  screening: ScreeningService;
  deadlineMs: number;
  signal: AbortSignal;
  /** Called once per chunk with what became of its lines. */
  onResults(results: readonly AuditResult[]): void;
}

interface Work extends TakenChunk {
  begun: BegunChunk;
}

/** The first two tries of a chunk screen it as it is; from this one on it is cut up, until the line at fault is alone. */
const SUSPECT_TRY = 3;
/** A part counts as tried once when it is cut off, so that a line alone has four tries of its own: with two, lines that merely ran when their process was killed for other reasons were given up. */
const LAST_TRY = 5;
const PARTS = 10;
const NONE: TryEnd = { kind: 'ended', lines: 0 };

/** Screens chunks, and finds the lines that make checks fail or end their process: by cutting up, with the tries counted in the database before they are made. */
export class ChunkTries {
  private readonly gate = new AloneGate();
  private readonly firsts: FirstResults;

  constructor(private readonly parts: ChunkTryParts) {
    this.firsts = new FirstResults(parts.audits);
  }

  /** One try of a chunk. Rejects when the process is to end, or when the database fails. */
  run(taken: TakenChunk): Promise<TryEnd> {
    // A chunk that was tried before may have ended the process: what ran beside it must not be suspected again.
    return taken.tried ? this.gate.alone(() => this.begin(taken)) : this.gate.together(() => this.begin(taken));
  }

  /** Inside the gate: a try that only waits for its turn when the process is killed must not count. */
  private async begin(taken: TakenChunk): Promise<TryEnd> {
    const begun = await this.parts.audits.begin(taken.auditId, taken.ordinal, taken.turn);
    if (!begun) return NONE;
    const work = { ...taken, begun };
    return taken.tried ? this.retry(work) : this.screen(work);
  }

  private async retry(work: Work): Promise<TryEnd> {
    const { auditId, ordinal, begun } = work;
    if (begun.tries < SUSPECT_TRY) return this.screen(work);
    if (!(await this.guardsAnswer(work.policy))) {
      await this.parts.audits.takeBack(auditId, ordinal);
      return { kind: 'outage' };
    }
    if (begun.open.length > 1) return this.cutUp(work);
    return begun.tries > LAST_TRY ? this.giveUp(work) : this.screen(work);
  }

  /** Inside the gate: who waits at it is not yet worked on, so that nobody waits for it. */
  private screen(work: Work): Promise<TryEnd> {
    const { auditId, begun } = work;
    return this.firsts.during({ auditId, firstLine: begun.firstLine, lines: begun.lines.length }, () => this.screenLines(work));
  }

  private async screenLines(work: Work): Promise<TryEnd> {
    const { begun, policy } = work;
    const screened = await this.screened(work);
    if (screened && screened.unavailable === 0) return this.complete(work, screened);
    if (!(await this.guardsAnswer(policy))) return { kind: 'outage' };
    if (begun.open.length > 1 || begun.tries < LAST_TRY) return { kind: 'again', tries: begun.tries };
    return screened ? this.complete(work, screened) : this.giveUp(work);
  }

  /** Undefined when a line made our own code fail. */
  private async screened({ auditId, ordinal, begun, policy }: Work): Promise<ScreenedChunk | undefined> {
    const { screening, deadlineMs, signal, audits } = this.parts;
    // Lines that failed before are checked each by itself.
    const together = begun.open.length < begun.lines.length ? { together: 1 } : {};
    try {
      const firstOf = (number: number) => this.firsts.of(auditId, number, begun.firstLine);
      return await screenChunk(screening, { chunk: begun, open: begun.open, policy, deadlineMs, signal, firstOf, ...together });
    } catch (error) {
      if (!signal.aborted) return undefined;
      await audits.takeBack(auditId, ordinal);
      throw error;
    }
  }

  private async complete({ auditId, ordinal }: Work, { results, scores }: Pick<ScreenedChunk, 'results'> & { scores?: Map<number, StoredScores[]> }): Promise<TryEnd> {
    const failed = results.filter((result) => result.error).length;
    const flagged = results.filter((result) => !result.error && result.decision !== 'allow').length;
    try {
      await this.parts.audits.completeChunk(auditId, ordinal, results, { failed, flagged }, scores);
    } catch (error) {
      // Removed while it ran.
      if (SallyportError.from(error).code === 'audit_not_found') return NONE;
      throw error;
    }
    this.parts.onResults(results);
    return { kind: 'ended', lines: results.length };
  }

  private async cutUp({ auditId, ordinal }: Work): Promise<TryEnd> {
    await this.parts.audits.split(auditId, ordinal, PARTS);
    return NONE;
  }

  private giveUp(work: Work): Promise<TryEnd> {
    const { open, lines, firstLine, tries } = work.begun;
    return this.complete(work, { results: open.map((line) => unendingResult(lines[line - firstLine] ?? '', line, tries - 1)) });
  }

  /** Tells an outage from a line at fault: a text that no one has asked of before, and that nothing is wrong with. */
  private async guardsAnswer(policy: PolicyVersion): Promise<boolean> {
    const { screening, deadlineMs, signal } = this.parts;
    const [outcome] = await screening.screenTexts([`The train to ${randomUUID()} leaves at noon.`], 'prompt', { policy, call: { deadlineMs, signal, lane: 'batch' } });
    return outcome!.verdicts.every((verdict) => verdict.status !== 'indeterminate');
  }
}
