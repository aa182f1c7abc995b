import { type Direction, type ModerationSummary, type PolicyAction, SallyportError, type ScreenKind } from '@sallyport/contracts';
import { fromSummary, type StoredScores } from '@sallyport/policy';
import { type AuditItem, readAuditFields } from '../audits/running/audit-line.js';

/** A row of a dry run as it was sent. `scores` is empty for one that has to be screened first. */
export interface DryRunRow {
  line: number;
  id?: string;
  item: AuditItem | undefined;
  scores: StoredScores[];
  recorded?: PolicyAction;
}

const SCREENS: readonly ScreenKind[] = ['guard', 'prompt-guard'];
const ACTIONS: readonly PolicyAction[] = ['allow', 'review', 'block'];

/** Reads a row: a verdict line, raw scores, or a text. Throws `invalid_request` naming the field. */
export function readDryRunRow(row: Record<string, unknown>, index: number): DryRunRow {
  const param = `rows.${index}`;
  const item = row['text'] === undefined && row['messages'] === undefined ? undefined : readItem(row, param);
  const direction = item?.direction ?? readDirection(row['direction'], param);
  const scores = row['scores'] === undefined ? fromSummary(readSummary(row, param), direction) : readScores(row['scores'], direction, param);
  if (scores.length === 0 && item === undefined) throw refused(param, 'scores, a verdict (harm, categories, attack), text or messages');
  const id = row['custom_id'] ?? row['id'];
  const recorded = ACTIONS.find((action) => action === row['decision']);
  return { line: typeof row['line'] === 'number' ? row['line'] : index + 1, ...(typeof id === 'string' ? { id: id.slice(0, 512) } : {}), item, scores, ...(recorded && scores.length > 0 ? { recorded } : {}) };
}

function readItem(row: Record<string, unknown>, param: string): AuditItem {
  try {
    return readAuditFields(row);
  } catch (error) {
    const known = SallyportError.from(error);
    throw new SallyportError(known.code, known.message, { param: known.param === undefined ? param : `${param}.${known.param}` });
  }
}

function readDirection(value: unknown, param: string): Direction {
  if (value === undefined || value === null) return 'prompt';
  return (['prompt', 'response', 'document', 'tool'] as const).find((direction) => direction === value) ?? fail(`${param}.direction`, 'prompt, response, document or tool');
}

function readSummary(row: Record<string, unknown>, param: string): Partial<ModerationSummary> {
  const failed = Array.isArray(row['indeterminate']) ? (row['indeterminate'] as ModerationSummary['indeterminate']) : undefined;
  return {
    harm: optionalScore(row['harm'], `${param}.harm`),
    categories: row['categories'] === undefined || row['categories'] === null ? {} : labels(row['categories'], `${param}.categories`),
    attack: optionalScore(row['attack'], `${param}.attack`),
    ...(failed ? { indeterminate: failed.filter((one) => SCREENS.some((screen) => screen === one?.screen)) } : {}),
  };
}

/** By screen, as of one text; or a list, as audits keep them. */
function readScores(value: unknown, direction: Direction, param: string): StoredScores[] {
  if (typeof value !== 'object' || value === null) return fail(`${param}.scores`, 'scores by screen');
  if (Array.isArray(value)) return value.map((one, at) => readStored(one, `${param}.scores.${at}`));
  const fields = value as Record<string, unknown>;
  for (const name of Object.keys(fields)) if (!SCREENS.some((screen) => screen === name)) fail(`${param}.scores`, `the screens ${SCREENS.join(', ')}`);
  return SCREENS.filter((screen) => fields[screen] !== undefined).map((screen) => ({ subject: 'input', direction, screen, scores: labels(fields[screen], `${param}.scores.${screen}`), sparse: true }));
}

function readStored(value: unknown, param: string): StoredScores {
  if (typeof value !== 'object' || value === null) return fail(param, 'an object');
  const fields = value as Record<string, unknown>;
  const screen = SCREENS.find((known) => known === fields['screen']) ?? fail(`${param}.screen`, SCREENS.join(' or '));
  const subject = typeof fields['subject'] === 'string' ? fields['subject'].slice(0, 256) : 'input';
  return { subject, direction: readDirection(fields['direction'], param), screen, scores: labels(fields['scores'], `${param}.scores`), sparse: true };
}

function labels(value: unknown, param: string): Record<string, number> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return fail(param, 'scores by label');
  for (const score of Object.values(value)) if (!isScore(score)) fail(param, 'numbers from 0 to 1');
  return value as Record<string, number>;
}

function optionalScore(value: unknown, param: string): number | null {
  if (value === undefined || value === null) return null;
  return isScore(value) ? value : fail(param, 'a number from 0 to 1');
}

const isScore = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 1;
const refused = (param: string, expected: string): SallyportError => new SallyportError('invalid_request', `'${param}': expected ${expected}.`, { param });
const fail = (param: string, expected: string): never => {
  throw refused(param, expected);
};
