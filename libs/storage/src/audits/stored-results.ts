import type { AuditResult } from '@sallyport/contracts';
import type { StoredScores } from '@sallyport/policy';
import type { Kysely } from 'kysely';
import type { Schema } from '../schema.js';

/** A result as it is stored: `line` numbers the lines that are stored, without gaps. */
export interface StoredResult extends AuditResult {
  /** The line of the file, where it is another number. */
  input_line?: number;
}

/** A result as callers see it: `line` is the line of the file. */
export function publicResult({ input_line, line, ...result }: StoredResult): AuditResult {
  return { line: input_line ?? line, ...result };
}

/** The result of one stored line with its scores; undefined while there is none. */
export async function readResultOf(kysely: Kysely<Schema>, id: string, number: number): Promise<{ result: StoredResult; scores: StoredScores[] } | undefined> {
  const chunk = await kysely.selectFrom('audit_chunks').select(['results', 'scores']).where('audit_id', '=', id).where('first_line', '<=', number).orderBy('first_line', 'desc').limit(1).executeTakeFirst();
  const results = chunk?.results?.split('\n').map((line) => JSON.parse(line) as StoredResult) ?? [];
  const at = results.findIndex(({ line }) => line === number);
  return results[at] && { result: results[at], scores: JSON.parse(chunk?.scores?.split('\n')[at] ?? '[]') as StoredScores[] };
}

/** Removes the lines of an audit whose upload failed. */
export async function deleteLines(kysely: Kysely<Schema>, id: string): Promise<void> {
  await kysely.deleteFrom('audit_chunks').where('audit_id', '=', id).execute();
}
