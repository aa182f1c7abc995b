import type { AuditResult, DecisionReason, PolicyAction } from '@sallyport/contracts';
import type { StoredScores } from '@sallyport/policy';

/** One line of an audit as a report reads it. */
export interface AuditRow {
  result: AuditResult;
  /** Raw scores behind the result; empty where none were kept. */
  scores: readonly StoredScores[];
  /** Rules that asked for more than to let the line pass, each once. */
  rules: ReadonlyArray<Pick<DecisionReason, 'rule' | 'action'>>;
  /** What was said in the line; empty where it cannot be read. */
  text: string;
  /** Milliseconds since 1970. */
  timestampMs?: number;
  /** Where the line comes from, as the log says. */
  source?: string;
}

/** Lines by decision; `none`: no decision, because the line could not be read. */
export type DecisionCounts = Record<PolicyAction | 'none', number>;

/** No lines at all. */
export const noDecisions = (): DecisionCounts => ({ allow: 0, review: 0, block: 0, none: 0 });

/** The column in which a result counts. */
export const decisionOf = ({ decision }: Pick<AuditResult, 'decision'>): PolicyAction | 'none' => decision ?? 'none';

/** True where a line is held back or put before a person. */
export const isFlagged = ({ decision }: Pick<AuditResult, 'decision'>): boolean => decision === 'block' || decision === 'review';

/** Scores 0–1 of a result by label: `harm`, `attack` and every category. */
export function labelScores({ harm, attack, categories }: AuditResult): Array<[label: string, score: number]> {
  const general: Array<[string, number | null | undefined]> = [['harm', harm], ['attack', attack]];
  return [...general.filter((entry): entry is [string, number] => typeof entry[1] === 'number'), ...Object.entries(categories ?? {})];
}
