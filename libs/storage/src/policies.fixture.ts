import { expect, it } from 'vitest';
import type { PolicyRepository } from './policy-repository.js';
import { documentNamed, newId } from './samples.fixture.js';

/** The contract of PolicyRepository. */
export function describePolicies(policies: () => PolicyRepository): void {
  it('seeds once and keeps the document exactly', async () => {
    const id = newId('policy');
    await policies().seed(id, documentNamed('first'));
    await policies().seed(id, documentNamed('second'));
    const found = await policies().get(id);
    expect(found).toEqual({ id, version: 1, document: documentNamed('first') });
    expect(Object.keys(found.document.categories)).toEqual(['S2', 'S1']);
  });

  it('numbers 10 concurrent versions without gaps or repeats', async () => {
    const id = newId('policy');
    const made = await Promise.all(Array.from({ length: 10 }, (_, i) => policies().createVersion(id, documentNamed(`v${i}`))));
    expect(made.map((version) => version.version).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    for (const version of made) expect((await policies().get(id, version.version)).document).toEqual(version.document);
    expect((await policies().list()).find((policy) => policy.id === id)).toEqual({ id, active: 1, versions: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] });
  });

  it('seeds once when asked 10 times at once', async () => {
    const id = newId('policy');
    await Promise.all(Array.from({ length: 10 }, (_, i) => policies().seed(id, documentNamed(`v${i}`))));
    expect((await policies().list()).find((policy) => policy.id === id)?.versions).toEqual([1]);
  });

  it('renews a policy that nobody changed, once for each document', async () => {
    const id = newId('policy');
    await policies().seed(id, documentNamed('first'));
    expect(await policies().renew(id, documentNamed('first'), 'a release')).toEqual({ outcome: 'known' });
    const both = await Promise.all([1, 2].map(() => policies().renew(id, documentNamed('second'), 'a release')));
    expect(both).toContainEqual({ outcome: 'renewed', version: 2 });
    expect(both).toContainEqual({ outcome: 'known' });
    expect(await policies().get(id)).toEqual({ id, version: 2, document: documentNamed('second') });
    expect((await policies().history(id, { limit: 1 }))[0]).toMatchObject({ change: 'activated', version: 2, previous: 1, actor: 'system', note: 'a release' });
    // A process of the release before starts once more: the newer document stays.
    expect(await policies().renew(id, documentNamed('first'), 'an older release')).toEqual({ outcome: 'known' });
    expect((await policies().get(id)).version).toBe(2);
  });

  it.each([
    ['a version', (id: string) => policies().createVersion(id, documentNamed('own'), { actor: 'anonymous' })],
    ['a shadow', (id: string) => policies().setShadow(id, 1, { actor: 'anonymous' })],
    ['a rollback', (id: string) => policies().rollBack(id, { actor: 'anonymous' })],
  ])('leaves a policy alone once somebody made %s', async (_what, change) => {
    const id = newId('policy');
    await policies().seed(id, documentNamed('first'));
    await policies().renew(id, documentNamed('second'), 'a release');
    await change(id);
    const { version } = await policies().get(id);
    expect(await policies().renew(id, documentNamed('third'), 'the next release')).toEqual({ outcome: 'changed by hand' });
    expect((await policies().get(id)).version).toBe(version);
  });

  it('activates a version and refuses a stale expectation', async () => {
    const id = newId('policy');
    await policies().seed(id, documentNamed('first'));
    await policies().createVersion(id, documentNamed('second'), { note: 'a note' });
    expect((await policies().get(id)).version).toBe(1);
    await policies().activate(id, 2, { expected: 1 });
    expect(await policies().get(id)).toEqual({ id, version: 2, document: documentNamed('second') });
    await expect(policies().activate(id, 1, { expected: 1 })).rejects.toMatchObject({ code: 'version_conflict' });
    await policies().activate(id, 1);
    expect((await policies().get(id)).version).toBe(1);
  });

  it('lets one of two activations with the same expectation win', async () => {
    const id = newId('policy');
    for (const name of ['1', '2', '3']) await policies().createVersion(id, documentNamed(name));
    const both = await Promise.allSettled([policies().activate(id, 2, { expected: 1 }), policies().activate(id, 3, { expected: 1 })]);
    expect(both.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it.each([0, 2, -1, 1.5, Number.NaN, 2 ** 31])('does not find version %s', async (version) => {
    const id = newId('policy');
    await policies().seed(id, documentNamed('first'));
    await expect(policies().get(id, version)).rejects.toMatchObject({ code: 'policy_not_found' });
    await expect(policies().activate(id, version)).rejects.toMatchObject({ code: 'policy_not_found' });
    await expect(policies().get(newId('none'))).rejects.toMatchObject({ code: 'policy_not_found' });
  });
}
