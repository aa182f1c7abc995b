import { type AuditFieldMap, SallyportError } from '@sallyport/contracts';
import { canonicalLine, type LineRules } from './canonical-line.js';
import { FIELD_NAMES, unknownColumn, valueAt } from './field-map.js';
import { momentOf } from './moment.js';
import type { Fields, SourceRecord } from './source-record.js';

/** Throws where the first records show that the file is not what was said of it: a column that none of them has, a time that is none, records of another kind. */
export function checkFirst(first: readonly SourceRecord[], rules: LineRules, hasColumns: boolean): void {
  const records = first.flatMap((record) => ('fields' in record ? [record.fields] : []));
  if (records.length === 0) return;
  // In a table the column is there, and may be empty for long.
  if (!hasColumns) for (const field of FIELD_NAMES) if (rules.fields[field] !== undefined) requireSomewhere(field, rules.fields[field], records);
  requireMoments(rules.fields, records);
  if (rules.format === 'sharegpt' || rules.format === 'openai') requireKind(rules, records);
}

function requireSomewhere(field: keyof AuditFieldMap, path: string, records: readonly Fields[]): void {
  if (records.some((record) => valueAt(record, path) !== undefined)) return;
  throw unknownColumn(field, [...new Set(records.flatMap((record) => Object.keys(record)))]);
}

function requireMoments({ timestamp }: AuditFieldMap, records: readonly Fields[]): void {
  if (timestamp === undefined) return;
  const values = records.map((record) => valueAt(record, timestamp)).filter((value) => value !== undefined && value !== null && value !== '');
  if (values.length > 0 && values.every((value) => momentOf(value) === undefined)) throw new SallyportError('invalid_request', "'fields.timestamp' names a column that holds no times: expected ISO 8601, or seconds or milliseconds since 1970.", { param: 'fields.timestamp' });
}

/** A whole file of another kind would be nothing but error rows. */
function requireKind(rules: LineRules, records: readonly Fields[]): void {
  if (records.some((record) => fits(record, rules))) return;
  const expected = rules.format === 'sharegpt' ? '"conversations" ({from, value})' : '"messages", or "request" and "response"';
  throw new SallyportError('invalid_request', `'format' says ${rules.format}, but none of the first records of the file can be read as one with ${expected}.`, { param: 'format' });
}

function fits(record: Fields, rules: LineRules): boolean {
  try {
    canonicalLine(record, rules);
    return true;
  } catch {
    return false;
  }
}
