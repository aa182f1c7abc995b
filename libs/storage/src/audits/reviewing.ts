import type { PolicyAction } from '@sallyport/contracts';
import { type Kysely, sql } from 'kysely';
import { guarded } from '../failures.js';
import type { Schema } from '../schema.js';
import { type ScoredResult, scoredOf } from './chunks.js';

const COLUMNS = ['first_line', 'line_count', 'last_input_line', 'lines', 'results', 'scores'] as const;
/** One more is still a number that PostgreSQL takes for a line. */
const MOST_LINES = 2 ** 31 - 2;

/** Line of the file at which a chunk ends. */
const LAST_LINE = sql<number>`coalesce(last_input_line, first_line + line_count - 1)`;

interface ChunkEnd {
  first_line: number;
  line_count: number;
  last_input_line: number | null;
}

const lastLineOf = ({ first_line, line_count, last_input_line }: ChunkEnd): number => last_input_line ?? first_line + line_count - 1;

/** The first chunk that ends at a line of the file or after it. */
const chunksFrom = (kysely: Kysely<Schema>, id: string, line: number) => kysely.selectFrom('audit_chunks').select(COLUMNS).where('audit_id', '=', id).where(LAST_LINE, '>=', Math.min(line, MOST_LINES)).orderBy('first_line').limit(1);

/** Lines after `after` with one decision, in order, one chunk in memory at a time; chunks without such a line never leave the database. */
export async function* readDecided(kysely: Kysely<Schema>, id: string, { decision, after }: { decision: PolicyAction; after: number }): AsyncGenerator<ScoredResult> {
  for (let from = after + 1; ; ) {
    const chunk = await guarded(() => chunksFrom(kysely, id, from).where('results', 'like', `%"decision":"${decision}"%`).executeTakeFirst());
    if (chunk === undefined) return;
    for (const scored of scoredOf(chunk)) if (scored.result.line > after && scored.result.decision === decision) yield scored;
    from = lastLineOf(chunk) + 1;
  }
}

/** The lines of the file with these numbers, which must be in order; those without a result are left out. One chunk is in memory at a time. */
export async function* readLines(kysely: Kysely<Schema>, id: string, lines: Iterable<number>): AsyncGenerator<ScoredResult> {
  let [last, found] = [0, new Map<number, ScoredResult>()];
  for (const line of lines) {
    if (line > last) {
      const chunk = await guarded(() => chunksFrom(kysely, id, line).executeTakeFirst());
      if (chunk === undefined) return;
      found = new Map([...scoredOf(chunk)].map((scored) => [scored.result.line, scored]));
      last = lastLineOf(chunk);
    }
    const scored = found.get(line);
    if (scored) yield scored;
  }
}
