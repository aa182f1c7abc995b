import { Inject, Injectable } from '@nestjs/common';
import { type AuditLabel, type AuditProgress, type AuditResult, type PolicyAction, SallyportError } from '@sallyport/contracts';
import { policyCategories } from '@sallyport/policy';
import { AgreementBook, type LabelAgreement } from '@sallyport/reporting';
import { AuditRepository, type LabelledLine, LabelRepository, type ScoredResult } from '@sallyport/storage';
import { PoliciesService } from '../../policies/policies.service.js';
import { lineFacts } from '../report/line-facts.js';
import type { LabelDto } from './review.dto.js';

const DEFAULT_LIMIT = 20;

/** A line as a reviewer sees it. `text` only where the audit retains texts. */
export interface ReviewLine extends Pick<AuditResult, 'line' | 'id' | 'harm' | 'attack' | 'categories'> {
  text?: string;
  decision: PolicyAction | null;
  labels: AuditLabel[];
}

/** Which lines are asked for. */
export interface ReviewQuery {
  limit?: number;
  after?: number;
  decision?: PolicyAction;
}

/** The review queue of an audit: lines for people, what they say of them, and how far they agree. */
@Injectable()
export class ReviewsService {
  constructor(
    @Inject(AuditRepository) private readonly audits: AuditRepository,
    @Inject(LabelRepository) private readonly repository: LabelRepository,
    @Inject(PoliciesService) private readonly policies: PoliciesService,
  ) {}

  /** A page of lines with a decision; `next` is where the next one begins, null at the end. */
  async page({ id }: AuditProgress, { limit = DEFAULT_LIMIT, after = 0, decision = 'review' }: ReviewQuery): Promise<{ data: ReviewLine[]; next: number | null }> {
    const { retainText } = await this.audits.work(id);
    const found: ScoredResult[] = [];
    for await (const scored of this.repository.decided(id, { decision, after })) if (found.push(scored) > limit) break;
    const shown = found.slice(0, limit);
    const labels = await this.repository.ofLines(id, shown.map(({ result }) => result.line));
    const data = shown.map((scored) => reviewLine(scored, { retainText, labels: labels.filter(({ line }) => line === scored.result.line) }));
    return { data, next: found.length > limit ? shown.at(-1)!.result.line : null };
  }

  /** Stores a label. Throws `not_found` for a line without a result, `invalid_request` for a category that the policy does not know. */
  async label({ id, policy }: AuditProgress, line: number, { label, categories = [], reviewer, note }: LabelDto): Promise<AuditLabel> {
    const { document } = await this.policies.resolve(policy);
    const known = new Set(policyCategories(document).map(({ code }) => code));
    const at = categories.findIndex((code) => !known.has(code));
    if (at >= 0) throw new SallyportError('invalid_request', `Expected codes of the categories of ${policy}: GET /v1/policies/${policy}/categories lists them.`, { param: `categories.${at}` });
    if (label === 'harmless' && categories.length > 0) throw new SallyportError('invalid_request', 'A harmless line is about no category.', { param: 'categories' });
    for await (const _scored of this.repository.lines(id, [line])) return this.repository.put(id, { line, reviewer, label, categories: [...new Set(categories)], ...(note === undefined ? {} : { note }) });
    throw new SallyportError('not_found', 'This audit has no result for this line.', { param: 'line' });
  }

  /** How reviewers agree, and what their labels say of the policy's thresholds. */
  async agreement({ id, policy }: AuditProgress): Promise<LabelAgreement> {
    const book = new AgreementBook((await this.policies.resolve(policy)).document);
    for await (const { labels, scored } of this.repository.labelled(id)) book.add(labels, scored.result);
    return book.report();
  }

  /** Labelled lines with their labels, in line order. */
  labelled(id: string): AsyncIterable<LabelledLine> {
    return this.repository.labelled(id);
  }
}

function reviewLine({ result, text }: ScoredResult, { retainText, labels }: { retainText: boolean; labels: AuditLabel[] }): ReviewLine {
  const { line, id, harm, attack, categories, decision } = result;
  return { line, ...(id === undefined ? {} : { id }), ...(retainText ? { text: lineFacts(text, result).text } : {}), decision: decision ?? null, harm: harm ?? null, attack: attack ?? null, categories: categories ?? {}, labels };
}
