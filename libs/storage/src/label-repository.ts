import type { AuditLabel, PolicyAction } from '@sallyport/contracts';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { ScoredResult } from './audits/chunks.js';
import { readDecided, readLines } from './audits/reviewing.js';
import type { Database } from './database.js';
import { guarded } from './failures.js';
import type { AuditLabelsTable, Schema } from './schema.js';

/** Lines for which labels are read at a time. */
const PAGE = 1_000;

/** A line with what reviewers say of it. */
export interface LabelledLine {
  labels: AuditLabel[];
  scored: ScoredResult;
}

/** What reviewers say of lines of audits, and the lines that they see. */
export class LabelRepository {
  constructor(private readonly database: Database) {}

  /** Stores what a reviewer says of a line, in place of what the same reviewer said before. */
  async put(auditId: string, label: Omit<AuditLabel, 'labelled_at'>): Promise<AuditLabel> {
    const said = { label: label.label, categories: JSON.stringify(label.categories), note: label.note ?? null };
    const row = await guarded(() =>
      this.kysely
        .insertInto('audit_labels')
        .values({ audit_id: auditId, line: label.line, reviewer: label.reviewer, ...said })
        .onConflict((conflict) => conflict.columns(['audit_id', 'line', 'reviewer']).doUpdateSet({ ...said, labelled_at: sql<Date>`clock_timestamp()` }))
        .returningAll()
        .executeTakeFirstOrThrow(),
    );
    return toLabel(row);
  }

  /** Labels of some lines. */
  async ofLines(auditId: string, lines: readonly number[]): Promise<AuditLabel[]> {
    if (lines.length === 0) return [];
    const rows = await guarded(() => this.kysely.selectFrom('audit_labels').selectAll().where('audit_id', '=', auditId).where('line', 'in', lines).orderBy('line').orderBy('reviewer').execute());
    return rows.map(toLabel);
  }

  /** All labelled lines in order with their labels; lines without a result are left out. */
  async *labelled(auditId: string): AsyncGenerator<LabelledLine> {
    for (let after = 0; ; ) {
      const lines = await guarded(() => this.kysely.selectFrom('audit_labels').select('line').distinct().where('audit_id', '=', auditId).where('line', '>', after).orderBy('line').limit(PAGE).execute());
      if (lines.length === 0) return;
      after = lines.at(-1)!.line;
      const labels = grouped(await this.ofLines(auditId, lines.map(({ line }) => line)));
      for await (const scored of this.lines(auditId, labels.keys())) yield { labels: labels.get(scored.result.line)!, scored };
    }
  }

  /** Lines after `after` on which a policy decided so, in order. */
  decided(auditId: string, query: { decision: PolicyAction; after: number }): AsyncIterable<ScoredResult> {
    return readDecided(this.kysely, auditId, query);
  }

  /** Lines by number, which must be in order; those without a result are left out. */
  lines(auditId: string, lines: Iterable<number>): AsyncIterable<ScoredResult> {
    return readLines(this.kysely, auditId, lines);
  }

  private get kysely(): Kysely<Schema> {
    return this.database.kysely;
  }
}

/** By line, in the order in which they come. */
function grouped(labels: readonly AuditLabel[]): Map<number, AuditLabel[]> {
  const byLine = new Map<number, AuditLabel[]>();
  for (const label of labels) byLine.set(label.line, [...(byLine.get(label.line) ?? []), label]);
  return byLine;
}

function toLabel({ line, reviewer, label, categories, note, labelled_at }: Selectable<AuditLabelsTable>): AuditLabel {
  return { line, reviewer, label, categories: JSON.parse(categories) as string[], ...(note === null ? {} : { note }), labelled_at: Math.floor(labelled_at.getTime() / 1_000) };
}
