import type { AuditFieldMap, AuditFormat, AuditOptions, AuditSample } from '@sallyport/contracts';
import { CliError } from '../../cli-error.js';
import { EXIT } from '../../exit-codes.js';

/** What `sallyport audit` was called with. */
export interface AuditFlags {
  out: string;
  policy: string;
  draft?: string;
  format?: AuditFormat;
  field?: string[];
  sample?: AuditSample;
  seed?: number;
  dedupe?: true;
  priority?: number;
  retainText: boolean;
  results: 'jsonl' | 'csv' | 'parquet';
  server?: string;
  key?: string;
  keyFile?: string;
  home?: string;
  workers?: number;
  fresh?: true;
}

/** Fields that a column can be named for. */
export const FIELDS = ['text', 'messages', 'prompt', 'response', 'id', 'direction', 'timestamp', 'source'] as const satisfies ReadonlyArray<keyof AuditFieldMap>;

/** What the server is told. Throws a CliError that names the flag. */
export function auditOptions(flags: AuditFlags): AuditOptions {
  const { policy, format, dedupe, priority, retainText } = flags;
  return {
    policy,
    ...(format ? { format } : {}),
    ...(flags.field ? { fields: fieldMap(flags.field) } : {}),
    ...(flags.sample ? { sample: { ...flags.sample, ...(flags.seed === undefined ? {} : { seed: flags.seed }) } } : {}),
    ...(dedupe ? { dedupe } : {}),
    ...(priority === undefined ? {} : { priority }),
    ...(retainText ? {} : { retain_text: false }),
  };
}

function fieldMap(pairs: readonly string[]): AuditFieldMap {
  const fields: AuditFieldMap = {};
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    const name = FIELDS.find((field) => field === pair.slice(0, at));
    if (!name || at === pair.length - 1) throw new CliError(`--field: expected <name>=<column> with one of ${FIELDS.join(', ')}.`, undefined, EXIT.invalid);
    fields[name] = pair.slice(at + 1);
  }
  return fields;
}
