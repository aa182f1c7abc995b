import { Inject, Injectable } from '@nestjs/common';
import { type AuditProgress, type PolicyVersion, SallyportError } from '@sallyport/contracts';
import { fromSummary, policyName, redecide, Replay, type StoredScores, textsMatter } from '@sallyport/policy';
import { type AuditReport, type AuditRow, AuditTally, type DraftReport } from '@sallyport/reporting';
import { AuditRepository, type ScoredResult } from '@sallyport/storage';
import { LRUCache } from 'lru-cache';
import { PoliciesService } from '../../policies/policies.service.js';
import { textHits } from '../../screening/text-hits.js';
import { type LineFacts, lineFacts } from './line-facts.js';
import { readStoredItem, scoredTexts } from './line-texts.js';

/** Reports of finished audits that are kept: they do not change any more, and a page is often asked for right after its JSON. */
const KEPT_REPORTS = 8;
const FINISHED: ReadonlySet<AuditProgress['status']> = new Set(['completed', 'failed', 'cancelled']);

interface Reading {
  policy: PolicyVersion;
  draft: PolicyVersion | undefined;
  withText: boolean;
  signal: AbortSignal;
}

interface DraftReplay {
  replay: Replay;
  texts: boolean;
  skipped: number;
}

/** Reports of audits: one pass over the stored results and scores, one chunk in memory at a time. */
@Injectable()
export class AuditReportService {
  private readonly kept = new LRUCache<string, AuditReport>({ max: KEPT_REPORTS });

  constructor(
    @Inject(AuditRepository) private readonly audits: AuditRepository,
    @Inject(PoliciesService) private readonly policies: PoliciesService,
  ) {}

  /**
   * Finds the policies, and gives what reads the report. `draftReference`: the policy to compare with, as `id` or `id@version`; absent: the shadow of the audit's policy, if there is one.
   * Throws `policy_not_found` at once.
   */
  async open(progress: AuditProgress, draftReference: string | undefined, signal: AbortSignal): Promise<() => Promise<AuditReport>> {
    const policy = await this.policies.resolve(progress.policy);
    const draft = draftReference === undefined ? await this.policies.shadowFor(policy) : await this.policies.resolve(draftReference);
    const { id, status, done, failed, flagged } = progress;
    const key = [id, status, done, failed, flagged, draft ? policyName(draft) : ''].join(' ');
    const { retainText } = await this.audits.work(id);
    return async () => {
      const report = this.kept.get(key) ?? (await this.read(progress, { policy, draft, withText: retainText, signal }));
      if (FINISHED.has(status)) this.kept.set(key, report);
      return report;
    };
  }

  private async read(progress: AuditProgress, reading: Reading): Promise<AuditReport> {
    const { policy, draft, withText, signal } = reading;
    const tally = await AuditTally.open(policy, { withText });
    const trial = draft && draftReplay(policy, draft);
    for await (const scored of this.audits.scored(progress.id)) {
      if (signal.aborted) throw new SallyportError('cancelled', 'The caller went away before the report was complete.');
      const facts = lineFacts(scored.text, scored.result);
      tally.add(rowOf(scored, facts, policy));
      if (trial && draft) replayLine(trial, scored, { draft, ...(withText ? { text: facts.text } : {}) });
    }
    return tally.report(progress, trial && draft && draftReport(trial, policy, draft));
  }
}

function rowOf({ result, scores, text: line }: ScoredResult, facts: LineFacts, policy: PolicyVersion): AuditRow {
  const known = scores ?? fromSummary(result);
  return { result, scores: known, rules: known.length === 0 ? [] : rulesOf(line, known, policy), ...facts };
}

/** Every rule once, with the severest that it asks for: reasons are in that order. */
function rulesOf(line: string, scores: readonly StoredScores[], policy: PolicyVersion): AuditRow['rules'] {
  const texts = textsMatter(policy.document, policy.document) ? scoredTexts(readStoredItem(line), scores, policy.document) : undefined;
  const { decision } = redecide(scores, policy, texts, (text, document) => textHits(text, document, false));
  const reasons = decision.reasons.filter(({ rule, action }) => action !== 'allow' && rule !== 'indeterminate');
  return [...new Map(reasons.reverse().map((reason) => [reason.rule, reason])).values()];
}

function draftReplay(before: PolicyVersion, after: PolicyVersion): DraftReplay {
  const replay = new Replay({ before, after, findsHits: (text, document) => textHits(text, document, false) });
  return { replay, texts: textsMatter(before.document, after.document), skipped: 0 };
}

/** Lines that could not be read or checked have no decision that could change. */
function replayLine(trial: DraftReplay, { result, scores, text: line }: ScoredResult, { draft, text }: { draft: PolicyVersion; text?: string }): void {
  const known = scores ?? fromSummary(result);
  if (known.length === 0) {
    trial.skipped += 1;
    return;
  }
  const texts = trial.texts && scores ? scoredTexts(readStoredItem(line), scores, draft.document) : undefined;
  trial.replay.add({ line: result.line, ...(result.id === undefined ? {} : { id: result.id }), scores: known, ...(texts ? { texts } : {}), ...(text === undefined ? {} : { text }), ...(result.decision ? { recorded: result.decision } : {}) });
}

function draftReport({ replay, skipped }: DraftReplay, policy: PolicyVersion, draft: PolicyVersion): DraftReport {
  return { policy: policyName(draft), against: policyName(policy), ...replay.report(), skipped };
}
