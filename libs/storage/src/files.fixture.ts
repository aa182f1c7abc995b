import { expect, it } from 'vitest';
import type { FileRepository, NewFile } from './file-repository.js';
import { newId } from './samples.fixture.js';

const fileOf = (owner: string, more: Partial<NewFile> = {}): NewFile => ({ id: newId('file'), owner, filename: 'lines “1”.jsonl', bytes: 3_000_000_000, purpose: 'batch', ...more });

/** The contract of FileRepository. */
export function describeFiles(files: () => FileRepository): void {
  it('keeps what a file is and shows it to its owner alone', async () => {
    const owner = newId('owner');
    const file = fileOf(owner);
    const created = await files().create(file);
    expect(created).toEqual({ id: file.id, object: 'file', bytes: 3_000_000_000, created_at: expect.any(Number), filename: 'lines “1”.jsonl', purpose: 'batch', status: 'processed' });
    expect(Math.abs(created.created_at - Date.now() / 1_000)).toBeLessThan(60);
    expect(await files().get(owner, file.id)).toEqual(created);
    await expect(files().get('other', file.id)).rejects.toMatchObject({ code: 'file_not_found' });
    await expect(files().delete('other', file.id)).rejects.toMatchObject({ code: 'file_not_found' });
    await files().delete(owner, file.id);
    await expect(files().delete(owner, file.id)).rejects.toMatchObject({ code: 'file_not_found' });
  });

  it('lists by page, order and purpose', async () => {
    const owner = newId('owner');
    const ids: string[] = [];
    for (const purpose of ['batch', 'batch_output', 'batch'] as const) ids.push((await files().create(fileOf(owner, { purpose }))).id);
    const listed = async (query: Partial<Parameters<FileRepository['list']>[1]>) => (await files().list(owner, { limit: 10, order: 'desc', ...query })).map(({ id }) => id);
    expect(await listed({})).toEqual([...ids].reverse());
    expect(await listed({ order: 'asc', limit: 2 })).toEqual(ids.slice(0, 2));
    expect(await listed({ order: 'asc', after: ids[0]! })).toEqual(ids.slice(1));
    expect(await listed({ after: ids[2]! })).toEqual([ids[1], ids[0]]);
    expect(await listed({ purpose: 'batch' })).toEqual([ids[2], ids[0]]);
    await expect(files().list('other', { limit: 1, order: 'asc', after: ids[0]! })).rejects.toMatchObject({ code: 'file_not_found', param: 'after' });
  });

  it('hides a file that has expired, and gives its id once for removal', async () => {
    const owner = newId('owner');
    const gone = await files().create(fileOf(owner, { expiresAfterS: 0 }));
    const kept = await files().create(fileOf(owner, { expiresAfterS: 3_600 }));
    expect(kept.expires_at! - kept.created_at).toBeGreaterThanOrEqual(3_599);
    await expect(files().get(owner, gone.id)).rejects.toMatchObject({ code: 'file_not_found' });
    expect(await files().known([gone.id, kept.id, 'none'])).toEqual(new Set([gone.id, kept.id]));
    expect(await files().deleteExpired()).toContain(gone.id);
    expect(await files().deleteExpired()).not.toContain(gone.id);
    expect(await files().known([gone.id, kept.id])).toEqual(new Set([kept.id]));
    expect(await files().known([])).toEqual(new Set());
  });
}
