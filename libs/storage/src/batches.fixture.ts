import { expect, it } from 'vitest';
import type { BatchRepository, NewBatch } from './batch-repository.js';
import type { FileRepository } from './file-repository.js';
import { collect, newId } from './samples.fixture.js';

/** Both repositories on one database. */
export type Both = () => { batches: BatchRepository; files: FileRepository };

const lineOf = (id: string) => JSON.stringify({ custom_id: id, method: 'POST', url: '/v1/moderations', body: { input: '\ud800 ✓' } });
const batchOf = (more: Partial<NewBatch> = {}): NewBatch => ({ id: newId('batch'), owner: newId('owner'), keyId: 'anonymous', endpoint: '/v1/moderations', inputFileId: 'file-1', completionWindow: '24h', fingerprint: 'f', windowMs: 3_600_000, ...more });
const outcome = (output: string[], failures: string[] = [], unanswered: string[] = []) => ({ output, failures, unanswered });

/** A batch in progress with one line in each of its chunks. */
async function begun(batches: BatchRepository, chunks: number, more: Partial<NewBatch> = {}): Promise<NewBatch> {
  const batch = batchOf(more);
  await batches.create(batch);
  for (let ordinal = 0; ordinal < chunks; ordinal += 1) expect(await batches.addLines(batch.id, ordinal, [lineOf(`c${ordinal}`)])).toBe(true);
  await batches.begin(batch.id, { total: chunks, chunks });
  return batch;
}

/** The contract of BatchRepository from creation to the last result. */
export function describeBatches(both: Both): void {
  it('creates a batch that is validated first, and shows it to its owner alone', async () => {
    const { batches } = both();
    const batch = batchOf({ metadata: { a: '“b”' } });
    const created = await batches.create(batch);
    expect(created).toMatchObject({ id: batch.id, object: 'batch', status: 'validating', errors: null, output_file_id: null, in_progress_at: null, metadata: { a: '“b”' }, request_counts: { total: 0, completed: 0, failed: 0 } });
    expect(created.expires_at - created.created_at).toBeGreaterThanOrEqual(3_599);
    expect(await batches.get(batch.owner, batch.id)).toEqual(created);
    await expect(batches.get('other', batch.id)).rejects.toMatchObject({ code: 'batch_not_found' });
    await expect(batches.cancel('other', batch.id)).rejects.toMatchObject({ code: 'batch_not_found' });
    expect(await batches.listUnfinished()).toContain(batch.id);
  });

  it('makes one batch for one idempotency key, also when asked at once, and refuses other parameters', async () => {
    const { batches } = both();
    const asked = batchOf({ idempotencyKey: 'k' });
    const made = await Promise.all([1, 2, 3].map(() => batches.create({ ...asked, id: newId('batch') })));
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
    expect((await batches.repeated(asked))?.id).toBe(made[0]!.id);
    await expect(batches.create({ ...asked, id: newId('batch'), fingerprint: 'other' })).rejects.toMatchObject({ code: 'conflict', param: 'idempotency_key' });
    await expect(batches.repeated({ ...asked, fingerprint: 'other' })).rejects.toMatchObject({ code: 'conflict' });
    expect(await batches.repeated({ ...asked, owner: 'other' })).toBeUndefined();
    expect((await batches.create({ ...asked, id: newId('batch'), owner: 'other' })).id).not.toBe(made[0]!.id);
  });

  it('lists newest first, page by page', async () => {
    const { batches } = both();
    const owner = newId('owner');
    const ids: string[] = [];
    for (let at = 0; at < 3; at += 1) ids.push((await batches.create(batchOf({ owner }))).id);
    expect((await batches.list(owner, { limit: 2 })).map(({ id }) => id)).toEqual([ids[2], ids[1]]);
    expect((await batches.list(owner, { limit: 2, after: ids[1]! })).map(({ id }) => id)).toEqual([ids[0]]);
    await expect(batches.list('other', { limit: 2, after: ids[1]! })).rejects.toMatchObject({ code: 'batch_not_found', param: 'after' });
  });

  it('keeps the lines, and takes none again or late', async () => {
    const { batches } = both();
    const batch = await begun(batches, 2);
    expect(await batches.addLines(batch.id, 2, [lineOf('late')])).toBe(false);
    expect(await batches.pendingChunks(batch.id, 10)).toEqual([0, 1]);
    expect(await batches.pendingChunks(batch.id, 1)).toEqual([0]);
    expect(await batches.claimChunk(batch.id, 0)).toEqual([lineOf('c0')]);
    expect(await batches.runningChunks(batch.id)).toBe(1);
    await batches.begin(batch.id, { total: 99, chunks: 99 });
    expect(await batches.get(batch.owner, batch.id)).toMatchObject({ status: 'in_progress', request_counts: { total: 2 } });
  });

  it('begins only with all chunks, and forgets a validation that was broken off', async () => {
    const { batches } = both();
    const batch = batchOf();
    await batches.create(batch);
    await batches.addLines(batch.id, 0, [lineOf('a')]);
    await batches.addLines(batch.id, 1, [lineOf('b')]);
    await batches.clearLines(batch.id);
    await batches.addLines(batch.id, 1, [lineOf('b')]);
    await expect(batches.begin(batch.id, { total: 2, chunks: 2 })).rejects.toMatchObject({ code: 'internal_error' });
    await batches.addLines(batch.id, 0, [lineOf('a')]);
    await batches.begin(batch.id, { total: 2, chunks: 2 });
    await batches.clearLines(batch.id);
    expect(await batches.pendingChunks(batch.id, 10)).toEqual([0, 1]);
  });

  it('counts chunks that finish at once, each reported twice, once', async () => {
    const { batches } = both();
    const batch = await begun(batches, 8);
    await Promise.all([7, 3, 5, 0, 1, 6, 2, 4].flatMap((at) => [at, at]).map((at) => batches.completeChunk(batch.id, at, at === 3 ? outcome([], ['{"no":3}']) : outcome([`{"n":${at}}`]))));
    expect(await batches.get(batch.owner, batch.id)).toMatchObject({ status: 'finalizing', finalizing_at: expect.any(Number), request_counts: { total: 8, completed: 7, failed: 1 } });
    expect(await batches.claimChunk(batch.id, 0)).toBeUndefined();
    const outcomes = await collect(batches.outcomes(batch.id));
    expect(outcomes.flatMap(({ output }) => output)).toEqual([0, 1, 2, 4, 5, 6, 7].map((at) => `{"n":${at}}`));
    expect(outcomes[3]).toEqual(outcome([], ['{"no":3}']));
  });
}

/** The contract of BatchRepository for the ends of a batch. */
export function describeBatchEnds(both: Both): void {
  it('ends with its files once, however often that is done', async () => {
    const { batches, files } = both();
    const batch = await begun(batches, 1);
    expect(await batches.close(batch.id)).toBeUndefined();
    await batches.completeChunk(batch.id, 0, outcome(['{}']));
    expect(await batches.close(batch.id)).toEqual({ ending: 'completed', owner: batch.owner, outputExpiresAfterS: undefined, validated: true });
    const output = { id: newId('file'), owner: batch.owner, filename: 'o', bytes: 3, purpose: 'batch_output' as const };
    await batches.end(batch.id, { output, errors: undefined });
    await batches.end(batch.id, { output, errors: undefined });
    expect(await batches.get(batch.owner, batch.id)).toMatchObject({ status: 'completed', completed_at: expect.any(Number), output_file_id: output.id, error_file_id: null });
    expect(await files.get(batch.owner, output.id)).toMatchObject({ bytes: 3, purpose: 'batch_output' });
    expect(await collect(batches.outcomes(batch.id))).toEqual([]);
    expect(await batches.listUnfinished()).not.toContain(batch.id);
    expect(await batches.close(batch.id)).toBeUndefined();
    await expect(batches.cancel(batch.owner, batch.id)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('takes results of a cancelled batch until it is closed, and names what was not answered', async () => {
    const { batches } = both();
    const batch = await begun(batches, 3);
    await batches.claimChunk(batch.id, 0);
    expect((await batches.cancel(batch.owner, batch.id)).status).toBe('cancelling');
    expect((await batches.cancel(batch.owner, batch.id)).status).toBe('cancelling');
    expect(await batches.claimChunk(batch.id, 1)).toBeUndefined();
    await batches.completeChunk(batch.id, 0, outcome(['{"a":1}'], [], ['x']));
    expect(await batches.runningChunks(batch.id)).toBe(0);
    expect(await batches.close(batch.id)).toMatchObject({ ending: 'cancelled' });
    await batches.completeChunk(batch.id, 1, outcome(['{"late":1}']));
    expect(await collect(batches.outcomes(batch.id))).toEqual([outcome(['{"a":1}'], [], ['x']), outcome([], [], ['c1']), outcome([], [], ['c2'])]);
    await batches.end(batch.id, { output: undefined, errors: undefined });
    expect(await batches.cancel(batch.owner, batch.id)).toMatchObject({ status: 'cancelled', cancelled_at: expect.any(Number), request_counts: { total: 3, completed: 1, failed: 0 } });
  });

  it('expires what its window is over for, and nothing else', async () => {
    const { batches } = both();
    const [late, timely] = [await begun(batches, 1, { windowMs: 0, outputExpiresAfterS: 3_600 }), await begun(batches, 1)];
    await batches.expire();
    expect(await batches.get(late.owner, late.id)).toMatchObject({ status: 'finalizing' });
    expect((await batches.get(timely.owner, timely.id)).status).toBe('in_progress');
    expect(await batches.close(late.id)).toMatchObject({ ending: 'expired', outputExpiresAfterS: 3_600 });
    await batches.end(late.id, { output: undefined, errors: undefined });
    expect(await batches.get(late.owner, late.id)).toMatchObject({ status: 'expired', expired_at: expect.any(Number) });
  });

  it('fails with the faults of its file only while it is validated, and drops the lines', async () => {
    const { batches } = both();
    const errors = [{ code: 'invalid_json_line', message: 'm', param: null, line: 2 }];
    const batch = batchOf();
    await batches.create(batch);
    await batches.addLines(batch.id, 0, [lineOf('a')]);
    await batches.fail(batch.id, errors);
    expect(await batches.get(batch.owner, batch.id)).toMatchObject({ status: 'failed', failed_at: expect.any(Number), errors: { object: 'list', data: errors } });
    expect(await batches.pendingChunks(batch.id, 1)).toEqual([]);
    const running = await begun(batches, 1);
    await batches.fail(running.id, errors);
    expect((await batches.get(running.owner, running.id)).status).toBe('in_progress');
  });
}
