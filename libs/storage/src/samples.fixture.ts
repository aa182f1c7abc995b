import type { AuditResult, PolicyDocument } from '@sallyport/contracts';
import type { AuditRepository } from './audit-repository.js';

let ids = 0;

/** An id that no other test of this run uses. */
export const newId = (prefix: string) => `${prefix}-${process.pid}-${++ids}`;

/** A policy document that differs from others in its name alone; the keys are not in alphabetical order. */
export function documentNamed(name: string): PolicyDocument {
  return {
    taxonomy: 'mlcommons', name, categories: { S2: { enabled: true, threshold: 0.5, action: 'block' }, S1: { enabled: false, threshold: 0.1, action: 'review' } },
    attacks: {}, screens: { harm: ['input', 'output'], attack: ['input'] }, scope: 'latest', screenSystemMessages: false,
    stream: { mode: 'window', holdBackChars: 10, holdBackMs: 20 }, onFailure: { harm: 'block', attack: 'block' }, refusals: { default: 'no \u0000 \ud800 “quoted”' },
  } as unknown as PolicyDocument;
}

/** One result for each of `count` lines. */
export const resultsOf = (firstLine: number, count: number): AuditResult[] => Array.from({ length: count }, (_, i) => ({ line: firstLine + i, harm: 0.25 }));

/** Input lines with characters that are easy to lose. */
export const linesOf = (firstLine: number, count: number): string[] => Array.from({ length: count }, (_, i) => `line ${firstLine + i} \u0000 \ud800 ✓`);

/** Reads an iterable to its end. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** An audit with its upload complete. */
export async function uploaded(audits: AuditRepository, chunks: number, { size = 3, owner = 'tenant' }: { size?: number; owner?: string } = {}): Promise<string> {
  const id = newId('audit');
  await audits.create({ id, owner, policyId: 'default', policyVersion: 4 });
  for (let ordinal = 0; ordinal < chunks; ordinal++) {
    const firstLine = ordinal * size + 1;
    await audits.addChunk(id, { ordinal, firstLine, lines: linesOf(firstLine, size) });
  }
  await audits.seal(id, chunks * size);
  return id;
}

/** Leaves nothing to be taken of what other tests began. */
export async function cancelAll(audits: AuditRepository): Promise<void> {
  for (const id of await audits.listIncomplete()) await audits.cancel(id);
}
