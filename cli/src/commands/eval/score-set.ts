import type { AuditResult, Direction, PolicyDocument } from '@sallyport/contracts';
import type { Moderator } from '@sallyport/embedded';
import { ANY_ATTACK, ANY_HARM, standingRules } from '@sallyport/policy';
import { CliError } from '../../cli-error.js';
import type { EvaluationRow, EvaluationSet, Target } from './evaluation-rows.js';

/** A row with what the screen said of it. */
export interface ScoredRow extends EvaluationRow {
  score: number;
  /** Hazard code → probability. */
  hazardScores: Record<string, number>;
  /** Whether the policy would block the row for what this screen said of it. */
  blocked: boolean;
  /** Rules of the policy whose threshold a score of this screen reaches; {@link ANOTHER_RULE} where the row is blocked by none of these. */
  met: string[];
}

export interface ScoredSet {
  rows: ScoredRow[];
  /** Line numbers of rows without a score, with the reason. */
  failed: Array<{ line: number; reason: string }>;
  /** Name and content hash of the model, as verdicts give it. */
  model: string;
}

/** What blocks a row although no score that a result names reaches a threshold: a kind of attack (a result names attacks as a whole), a list, a scanner. */
const ANOTHER_RULE = 'another rule';
const EVERYWHERE: Direction[] = ['prompt', 'response', 'document', 'tool'];

/** Scores every row on the way that a request takes. `onRow` hears how many are done. */
export async function scoreSet(moderator: Moderator, { name, target, rows }: EvaluationSet, policy: PolicyDocument, onRow: (done: number) => void): Promise<ScoredSet> {
  const found: ScoredSet = { rows: [], failed: [], model: '' };
  let done = 0;
  for (const answer of [false, true]) {
    const part = rows.filter((row) => row.answer === answer);
    const results = moderator.lines(linesOf(part), { id: 'eval', version: 1, document: onlyFor(policy, target, answer) });
    for await (const result of results) {
      take(found, part[result.line - 1]!, result, { target, policy });
      done += 1;
      onRow(done);
    }
  }
  if (found.rows.length === 0) throw new CliError(`${name}: none of ${rows.length} rows got a score for ${target}${found.failed[0] ? ` (${found.failed[0].reason})` : ''}.`);
  found.rows.sort((a, b) => a.line - b.line);
  return found;
}

/** The screen of the target alone reads; of a conversation that ends in an answer, the answer with its question. */
function onlyFor(policy: PolicyDocument, target: Target, answer: boolean): PolicyDocument {
  const read = answer ? (['response'] as Direction[]) : EVERYWHERE;
  return { ...policy, scope: 'conversation', screenDocuments: true, screens: { guard: target === 'harm' ? read : [], 'prompt-guard': target === 'attack' ? read : [] } };
}

async function* linesOf(rows: readonly EvaluationRow[]): AsyncGenerator<Buffer> {
  for (const { request } of rows) yield Buffer.from(`${JSON.stringify(request)}\n`, 'utf8');
}

function take(found: ScoredSet, row: EvaluationRow, result: AuditResult, { target, policy }: { target: Target; policy: PolicyDocument }): void {
  const hazardScores = result.categories ?? {};
  const score = target === 'attack' ? result.attack : (result.harm ?? highest(hazardScores));
  if (result.error || score === null || score === undefined) {
    found.failed.push({ line: row.line, reason: result.error?.message ?? 'the text is empty or the model has no such label' });
    return;
  }
  found.model = result.models?.join(', ') ?? found.model;
  const blocked = result.decision === 'block';
  const met = rulesMet(result, { target, policy, direction: row.direction });
  found.rows.push({ ...row, score, hazardScores, blocked, met: blocked && met.length === 0 ? [ANOTHER_RULE] : met });
}

function rulesMet({ harm, attack, categories }: AuditResult, { target, policy, direction }: { target: Target; policy: PolicyDocument; direction: Direction }): string[] {
  const [screen, label, score] = target === 'harm' ? (['guard', ANY_HARM, harm] as const) : (['prompt-guard', ANY_ATTACK, attack] as const);
  const scores = { ...categories, ...(typeof score === 'number' ? { [label]: score } : {}) };
  return standingRules(policy, screen, direction).filter(({ scoreIn, threshold }) => (scoreIn(scores) ?? -1) >= threshold).map((rule) => rule.label);
}

/** Guards without a score for any harm are as sure as their surest hazard. */
function highest(scores: Record<string, number>): number | null {
  const values = Object.values(scores);
  return values.length === 0 ? null : Math.max(...values);
}
