import { expect, it } from 'vitest';
import type { AuditRepository } from './audit-repository.js';
import { collect, linesOf, newId, uploaded } from './samples.fixture.js';

/** The contract of AuditRepository while an audit is uploaded. */
export function describeUpload(audits: () => AuditRepository): void {
  it('keeps the lines exactly and lists the audit as incomplete', async () => {
    const id = await uploaded(audits(), 2);
    expect(await audits().loadChunk(id, 1)).toEqual({ firstLine: 4, lines: linesOf(4, 3), done: false });
    expect(await audits().pendingChunks(id)).toEqual([0, 1]);
    expect(await audits().listIncomplete()).toContain(id);
    const progress = await audits().progress(id);
    expect(progress).toMatchObject({ id, status: 'queued', policy: 'default@4', total: 6, done: 0, failed: 0, flagged: 0, rate: 0, eta_s: null });
    expect(Math.abs(progress.created_at - Date.now() / 1000)).toBeLessThan(60);
    expect(Number.isInteger(progress.created_at)).toBe(true);
  });

  it('completes an empty audit when its upload is complete', async () => {
    const id = await uploaded(audits(), 0);
    expect(await audits().progress(id)).toMatchObject({ status: 'completed', total: 0, eta_s: 0 });
    expect(await collect(audits().results(id))).toEqual([]);
  });

  it('refuses what does not fit the upload', async () => {
    const id = newId('audit');
    await audits().create({ id, owner: 'tenant', policyId: 'default', policyVersion: 1 });
    await expect(audits().create({ id, owner: 'tenant', policyId: 'default', policyVersion: 1 })).rejects.toMatchObject({ code: 'invalid_request' });
    await audits().addChunk(id, { ordinal: 0, firstLine: 1, lines: ['a'] });
    await expect(audits().addChunk(id, { ordinal: 0, firstLine: 1, lines: ['b'] })).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(audits().seal(id, 2)).rejects.toMatchObject({ code: 'invalid_request' });
    await audits().seal(id, 1);
    await audits().seal(id, 1);
    await expect(audits().addChunk(id, { ordinal: 1, firstLine: 2, lines: ['b'] })).rejects.toMatchObject({ code: 'invalid_request' });
    expect((await audits().loadChunk(id, 0)).lines).toEqual(['a']);
  });

  it('fails uploads that a restart cut off, and no others', async () => {
    const sealed = await uploaded(audits(), 1);
    const open = newId('audit');
    await audits().create({ id: open, owner: 'tenant', policyId: 'default', policyVersion: 1 });
    expect(await audits().listIncomplete()).not.toContain(open);
    expect(await audits().failUnsealed()).toBeGreaterThanOrEqual(1);
    expect(await audits().progress(open)).toMatchObject({ status: 'failed', error: { code: 'service_unavailable' } });
    expect((await audits().progress(sealed)).status).toBe('queued');
    await expect(audits().seal(open, 0)).rejects.toMatchObject({ code: 'invalid_request' });
  });
}
