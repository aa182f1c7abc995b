import { csvResults, parquetResults } from '@sallyport/audit-formats';
import type { AuditResult } from '@sallyport/contracts';
import type { AuditResultsQuery } from './audit-query.dto.js';

/** Which results go out, and how. */
export type ResultsRequest = Pick<AuditResultsQuery, 'format' | 'only'>;

const FILTERS: Readonly<Record<NonNullable<ResultsRequest['only']>, (result: AuditResult) => boolean>> = {
  failed: ({ error }) => error !== undefined,
  flagged: ({ error, decision }) => error === undefined && decision !== 'allow',
  blocked: ({ error, decision }) => error === undefined && decision === 'block',
};

/** Media type by format. */
export const RESULT_TYPES: Readonly<Record<NonNullable<ResultsRequest['format']>, string>> = { jsonl: 'application/x-ndjson; charset=utf-8', csv: 'text/csv; charset=utf-8; header=present', parquet: 'application/vnd.apache.parquet' };

/** Results as a file, in the order of the lines. `codes` are the categories that have a column of their own in a table. */
export function resultsFile(results: AsyncIterable<AuditResult>, { format = 'jsonl', only }: ResultsRequest, codes: readonly string[]): AsyncIterable<string | Buffer> {
  const chosen = only === undefined ? results : filtered(results, FILTERS[only]);
  if (format === 'csv') return csvResults(chosen, codes);
  return format === 'parquet' ? parquetResults(chosen, codes) : jsonLines(chosen);
}

async function* jsonLines(results: AsyncIterable<AuditResult>): AsyncGenerator<string> {
  for await (const result of results) yield `${JSON.stringify(result)}\n`;
}

async function* filtered(results: AsyncIterable<AuditResult>, keeps: (result: AuditResult) => boolean): AsyncGenerator<AuditResult> {
  for await (const result of results) if (keeps(result)) yield result;
}
