import { type AuditFieldMap, SallyportError } from '@sallyport/contracts';
import { sayColumns } from './column-names.js';
import type { Fields } from './source-record.js';

/** What may be mapped. */
export const FIELD_NAMES = ['text', 'messages', 'prompt', 'response', 'id', 'direction', 'timestamp', 'source'] as const satisfies ReadonlyArray<keyof AuditFieldMap>;

/** Columns that are read where no map names them. */
const USUAL_CONTENT = ['text', 'messages', 'conversations', 'prompt', 'response', 'request', 'body', 'choices'] as const;
const USUAL_REST = ['id', 'custom_id', 'direction', 'timestamp', 'source', 'error'] as const;

/** The value at a column, or at a dotted path into one; a column that has the whole path for a name comes first. */
export function valueAt(fields: Fields, path: string): unknown {
  if (Object.hasOwn(fields, path)) return fields[path];
  let value: unknown = fields;
  for (const part of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Fields)[part];
  }
  return value;
}

/** True when the map itself says where the content is. */
export const mapsContent = ({ text, messages, prompt, response }: AuditFieldMap): boolean => [text, messages, prompt, response].some((path) => path !== undefined);

/** The columns of a table that are needed. Throws `invalid_request` for a map that names one that is not there or is there twice, or where nothing names the content; the message names the columns there are. */
export function columnsInUse(map: AuditFieldMap, columns: readonly string[]): string[] {
  const mapped = FIELD_NAMES.flatMap((field) => (map[field] === undefined ? [] : [requireColumn(field, map[field], columns)]));
  const usual = [...(mapsContent(map) ? [] : USUAL_CONTENT), ...USUAL_REST].filter((name) => columns.includes(name));
  if (!mapsContent(map) && !USUAL_CONTENT.some((name) => columns.includes(name))) throw noContent(columns);
  const used = [...new Set([...mapped, ...usual])];
  for (const name of used) if (columns.filter((column) => column === name).length > 1) throw new SallyportError('invalid_request', `Two columns of the file have the name of one that is used. It has: ${sayColumns(columns)}.`, { param: 'fields' });
  return used;
}

function requireColumn(field: keyof AuditFieldMap, path: string, columns: readonly string[]): string {
  const parts = path.split('.');
  const found = [path, ...parts.map((_, at) => parts.slice(0, at + 1).join('.'))].find((name) => columns.includes(name));
  if (found === undefined) throw unknownColumn(field, columns);
  return found;
}

/** The error for a map that names a column that is not there. */
export const unknownColumn = (field: keyof AuditFieldMap, columns: readonly string[]): SallyportError =>
  new SallyportError('invalid_request', `'fields.${field}' names a column that is not in the file. It has: ${sayColumns(columns)}.`, { param: `fields.${field}` });

function noContent(columns: readonly string[]): SallyportError {
  return new SallyportError('invalid_request', `No column of the file is named text, messages, or prompt and response. Say in 'fields' which to read. It has: ${sayColumns(columns)}.`, { param: 'fields' });
}
