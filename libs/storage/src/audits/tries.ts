import { type Kysely, sql } from 'kysely';
import type { Schema } from '../schema.js';
import { lockAudit } from './state.js';
import { fromRows, mayRetry, toRows } from './results.js';

/** A chunk whose try was begun. */
export interface BegunChunk {
  ordinal: number;
  firstLine: number;
  lines: string[];
  /** Numbers of the lines that are to be screened; the others of the chunk have their results. */
  open: number[];
  /** This try included: more than 1 when an earlier one neither ended the chunk nor was taken back. */
  tries: number;
}

/** Counts a try of a chunk before it is made, so that also one that kills the process is known. Undefined when there is nothing to do: it is done, taken by another job, or its audit does not run. */
export async function beginTry(kysely: Kysely<Schema>, id: string, ordinal: number, turn: string): Promise<BegunChunk | undefined> {
  const runs = kysely.selectFrom('audits').select('id').where('id', '=', id).where('status', 'in', ['queued', 'running']);
  const row = await kysely
    .updateTable('audit_chunks')
    .set((set) => ({ tries: set('tries', '+', 1) }))
    .where('audit_id', 'in', runs).where('ordinal', '=', ordinal).where('pending', '=', true).where('turn', '=', turn)
    .returning(['first_line', 'lines', 'results', 'scores', 'tries'])
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const lines = JSON.parse(row.lines) as string[];
  const open = toRows(row)?.filter(({ result }) => mayRetry(result)).map(({ result }) => result.line) ?? lines.map((_, at) => row.first_line + at);
  return { ordinal, firstLine: row.first_line, lines, open, tries: row.tries };
}

/** Takes a try back that was broken off by no fault of its lines. */
export async function takeBackTry(kysely: Kysely<Schema>, id: string, ordinal: number): Promise<void> {
  await kysely.updateTable('audit_chunks').set({ tries: sql<number>`greatest(tries - 1, 0)` }).where('audit_id', '=', id).where('ordinal', '=', ordinal).where('pending', '=', true).execute();
}

/** Cuts a pending chunk into as many as `parts`, each of which counts as tried once; nobody has taken them. */
export async function splitChunk(trx: Kysely<Schema>, id: string, ordinal: number, parts: number): Promise<void> {
  await lockAudit(trx, id);
  const chunk = await trx.selectFrom('audit_chunks').select(['first_line', 'lines', 'results', 'scores', 'pending']).where('audit_id', '=', id).where('ordinal', '=', ordinal).executeTakeFirst();
  if (!chunk?.pending) return;
  const lines = JSON.parse(chunk.lines) as string[];
  const size = Math.ceil(lines.length / parts);
  const pieces = Array.from({ length: Math.ceil(lines.length / size) }, (_, at) => pieceOf(chunk, lines.slice(at * size, (at + 1) * size), chunk.first_line + at * size));
  const { last } = await trx.selectFrom('audit_chunks').where('audit_id', '=', id).select((select) => select.fn.max('ordinal').as('last')).executeTakeFirstOrThrow();
  const [first, ...others] = pieces;
  if (first) await trx.updateTable('audit_chunks').set({ ...first, turn: null }).where('audit_id', '=', id).where('ordinal', '=', ordinal).execute();
  if (others.length > 0) await trx.insertInto('audit_chunks').values(others.map((piece, at) => ({ ...piece, audit_id: id, ordinal: last + 1 + at }))).execute();
}

/** The part of a chunk that has these lines, with the results that they have. */
function pieceOf(chunk: { results: string | null; scores: string | null }, lines: string[], firstLine: number) {
  const rows = toRows(chunk)?.filter(({ result }) => result.line >= firstLine && result.line < firstLine + lines.length);
  const stored = rows && fromRows(rows);
  return { first_line: firstLine, line_count: lines.length, lines: JSON.stringify(lines), tries: 1, pending: stored === undefined || stored.retryable > 0, ...stored };
}
