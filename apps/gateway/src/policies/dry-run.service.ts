import { Inject, Injectable } from '@nestjs/common';
import { type PolicyVersion, SallyportError, type ScreenKind, type ScreenSubject } from '@sallyport/contracts';
import { fromSummary, parsePolicyDocument, type PlannedText, policyName, Replay, type ReplayRow, type ScreenPlan, type StoredScores, textsMatter, toStored } from '@sallyport/policy';
import { AuditRepository } from '@sallyport/storage';
import type { AuditItem } from '../audits/running/audit-line.js';
import { planLine } from '../audits/running/plan-line.js';
import { readStoredItem, scoredTexts } from '../audits/report/line-texts.js';
import { GATEWAY_SETTINGS, type GatewaySettings } from '../gateway-options.js';
import { ScreeningService } from '../screening/screening.service.js';
import { textHits } from '../screening/text-hits.js';
import type { DryRunDto } from './dry-run.dto.js';
import { type DryRunRow, readDryRunRow } from './dry-run-row.js';
import { PoliciesService } from './policies.service.js';

/** Rows without scores that one dry run screens; a larger file is an audit's work. */
const MOST_SCREENED = 500;
const MOST_TEXT_CHARS = 2_000;

interface Trial {
  before: PolicyVersion;
  after: PolicyVersion;
  replay: Replay;
  /** Whether the texts can make a difference. */
  texts: boolean;
  skipped: number;
}

/** Tries a policy on what was judged before. Stored scores are judged again; only rows that never had any are screened. */
@Injectable()
export class DryRunService {
  constructor(
    @Inject(PoliciesService) private readonly policies: PoliciesService,
    @Inject(AuditRepository) private readonly audits: AuditRepository,
    @Inject(ScreeningService) private readonly screening: ScreeningService,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  async run(id: string, body: DryRunDto, { owner, signal }: { owner: string; signal: AbortSignal }) {
    requireOne(body);
    const after = await this.tried(id, body);
    const before = body.audit_id === undefined ? await this.policies.resolve(id) : await this.policies.resolve((await this.audits.get(owner, body.audit_id)).policy);
    const replay = new Replay({ before, after, findsHits: (text, document) => textHits(text, document, false), ...(body.examples === undefined ? {} : { examples: body.examples }) });
    const trial: Trial = { before, after, replay, texts: textsMatter(before.document, after.document) || this.keepsText(after), skipped: 0 };
    if (body.audit_id !== undefined) await this.replayAudit(body.audit_id, trial);
    else await this.replayRows(body.rows ?? [], trial, signal);
    return { policy: body.version === undefined ? `${id}@draft` : policyName(after), against: policyName(before), ...replay.report(), skipped: trial.skipped };
  }

  private async tried(id: string, { version, document }: DryRunDto): Promise<PolicyVersion> {
    if (version !== undefined) return this.policies.version(id, version);
    await this.policies.resolve(id);
    return { id, version: 0, document: parsePolicyDocument(document) };
  }

  private keepsText({ document }: PolicyVersion): boolean {
    return (document.retention?.text ?? 'none') !== 'none';
  }

  /** Lines that could not be read or checked have no decision that could change. */
  private async replayAudit(auditId: string, trial: Trial): Promise<void> {
    for await (const { result, text, scores } of this.audits.scored(auditId)) {
      const known = scores ?? fromSummary(result);
      if (known.length === 0) trial.skipped += 1;
      else trial.replay.add({ line: result.line, ...(result.id === undefined ? {} : { id: result.id }), scores: known, ...(trial.texts && scores ? this.textFields(readStoredItem(text), scores, trial) : {}) });
    }
  }

  private async replayRows(rows: ReadonlyArray<Record<string, unknown>>, trial: Trial, signal: AbortSignal): Promise<void> {
    const read = rows.map(readDryRunRow);
    const bare = read.filter((row) => row.scores.length === 0);
    if (bare.length > MOST_SCREENED) throw new SallyportError('unprocessable', `At most ${MOST_SCREENED} rows without scores are screened, not ${bare.length}: audit the file and try the policy on that.`, { param: 'rows' });
    await this.screen(bare, trial, signal);
    for (const row of read) {
      if (row.scores.length === 0) trial.skipped += 1;
      else trial.replay.add({ line: row.line, ...(row.id === undefined ? {} : { id: row.id }), scores: row.scores, ...(row.recorded ? { recorded: row.recorded } : {}), ...this.textFields(row.item, row.scores, trial) });
    }
  }

  private textFields(item: AuditItem | undefined, scores: readonly StoredScores[], { after, texts: wanted }: Trial): Pick<ReplayRow, 'texts' | 'text'> {
    const texts = wanted ? scoredTexts(item, scores, after.document) : undefined;
    if (!texts) return {};
    return { texts, ...(this.keepsText(after) ? { text: texts.map((one) => one.text).join('\n').slice(0, MOST_TEXT_CHARS) } : {}) };
  }

  /** Scores rows that have none, by everything that either policy would look at. */
  private async screen(rows: DryRunRow[], { before, after }: Trial, signal: AbortSignal): Promise<void> {
    if (rows.length === 0) return;
    const plans = rows.map(({ item }) => joined(planOf(item, before), planOf(item, after)));
    const outcomes = await this.screening.run(plans, { policy: after, call: { deadlineMs: this.settings.batchScreenDeadlineMs, signal, lane: 'batch' } });
    for (const [at, row] of rows.entries()) row.scores = outcomes[at]!.scores.map(toStored);
  }
}

function requireOne(body: DryRunDto): void {
  const exactly = (param: string, first: unknown, second: unknown, names: string): void => {
    if ((first === undefined) === (second === undefined)) throw new SallyportError('invalid_request', `Expected exactly one of ${names}.`, { param });
  };
  exactly('version', body.version, body.document, "'version' and 'document'");
  exactly('audit_id', body.audit_id, body.rows, "'audit_id' and 'rows'");
}

function planOf(item: AuditItem | undefined, { document }: PolicyVersion): ScreenPlan {
  return planLine(item ?? {}, document);
}

/** Everything that one of two plans has screened. */
function joined(first: ScreenPlan, second: ScreenPlan): ScreenPlan {
  const both = (screen: ScreenKind): ScreenSubject[] => [...new Map([...first.subjects[screen], ...second.subjects[screen]].map((subject) => [subject.id, subject])).values()];
  const texts: PlannedText[] = first.texts;
  return { subjects: { guard: both('guard'), 'prompt-guard': both('prompt-guard') }, texts, unscreened: [] };
}
