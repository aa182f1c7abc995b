import { type AuditResult, SallyportError } from '@sallyport/contracts';
import type { StoredScores } from '@sallyport/policy';
import type { Kysely, Selectable } from 'kysely';
import { guarded } from '../failures.js';
import type { AuditChunksTable, Schema } from '../schema.js';
import { requireAudit } from './state.js';
import { publicResult, type StoredResult } from './stored-results.js';

/** A stored chunk as the one who screens it needs it. */
export interface LoadedChunk {
  firstLine: number;
  lines: string[];
  done: boolean;
}

/** The error for a chunk that an audit does not have. */
export function chunkNotFound(ordinal: number): SallyportError {
  return new SallyportError('not_found', `This audit has no chunk ${ordinal}.`);
}

/** Reads one chunk. */
export async function readChunk(kysely: Kysely<Schema>, id: string, ordinal: number): Promise<LoadedChunk> {
  const row = await kysely
    .selectFrom('audit_chunks')
    .select(['first_line', 'lines', 'pending'])
    .where('audit_id', '=', id)
    .where('ordinal', '=', ordinal)
    .executeTakeFirst();
  if (row === undefined) {
    await requireAudit(kysely, id);
    throw chunkNotFound(ordinal);
  }
  return { firstLine: row.first_line, lines: JSON.parse(row.lines) as string[], done: !row.pending };
}

/** A result with what it rests on: the line that was judged, and its raw scores (undefined where none were kept). */
export interface ScoredResult {
  result: AuditResult;
  text: string;
  scores: StoredScores[] | undefined;
}

/** Every result there is with its line and scores, in line order, with one chunk in memory at a time. */
export async function* readScored(kysely: Kysely<Schema>, id: string): AsyncGenerator<ScoredResult> {
  await guarded(() => requireAudit(kysely, id));
  for (let last = 0; ; ) {
    const chunk = await guarded(() => kysely.selectFrom('audit_chunks').select(['first_line', 'lines', 'results', 'scores']).where('audit_id', '=', id).where('results', 'is not', null).where('first_line', '>', last).orderBy('first_line').limit(1).executeTakeFirst());
    if (chunk === undefined) return;
    last = chunk.first_line;
    yield* scoredOf(chunk);
  }
}

/** The results of a stored chunk with their lines and scores. */
export function* scoredOf(chunk: Pick<Selectable<AuditChunksTable>, 'first_line' | 'lines' | 'results' | 'scores'>): Generator<ScoredResult> {
  if (!chunk.results) return;
  const lines = JSON.parse(chunk.lines) as string[];
  const scores = chunk.scores?.split('\n');
  for (const [index, line] of chunk.results.split('\n').entries()) {
    const result = JSON.parse(line) as StoredResult;
    yield { result: publicResult(result), text: lines[result.line - chunk.first_line] ?? '', scores: scores && (JSON.parse(scores[index]!) as StoredScores[]) };
  }
}

/** Ordinals of the chunks without results. */
export async function readPending(kysely: Kysely<Schema>, id: string): Promise<number[]> {
  const rows = await kysely.selectFrom('audit_chunks').select('ordinal').where('audit_id', '=', id).where('pending', '=', true).orderBy('first_line').execute();
  return rows.map((row) => row.ordinal);
}

/** All results there are, in line order, with one chunk in memory at a time. */
export async function* readResults(kysely: Kysely<Schema>, id: string): AsyncGenerator<AuditResult> {
  await guarded(() => requireAudit(kysely, id));
  for (let last = 0; ; ) {
    const chunk = await guarded(() => nextDone(kysely, id, last));
    if (chunk === undefined) return;
    last = chunk.first_line;
    for (const line of chunk.results?.split('\n') ?? []) if (line !== '') yield publicResult(JSON.parse(line) as StoredResult);
  }
}

async function nextDone(kysely: Kysely<Schema>, id: string, after: number): Promise<{ first_line: number; results: string | null } | undefined> {
  return kysely.selectFrom('audit_chunks').select(['first_line', 'results']).where('audit_id', '=', id).where('results', 'is not', null).where('first_line', '>', after).orderBy('first_line').limit(1).executeTakeFirst();
}
