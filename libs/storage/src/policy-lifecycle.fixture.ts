import { expect, it } from 'vitest';
import type { PolicyRepository } from './policy-repository.js';
import { documentNamed, newId } from './samples.fixture.js';

const ALICE = { actor: 'key_a', note: 'because' };

async function withVersions(policies: PolicyRepository, count: number): Promise<string> {
  const id = newId('policy');
  for (let version = 1; version <= count; version += 1) await policies.createVersion(id, documentNamed(`v${version}`), { actor: 'key_a' });
  return id;
}

/** The contract of PolicyRepository for the life of a version. */
export function describeLifecycle(policies: () => PolicyRepository): void {
  it('keeps author, note, parent and state of a version', async () => {
    const id = await withVersions(policies(), 2);
    await policies().activate(id, 2, ALICE);
    await policies().createVersion(id, documentNamed('v3'), { ...ALICE, author: 'Alice', parent: 1 });
    await policies().createVersion(id, documentNamed('v4'), {});
    await policies().setShadow(id, 4, ALICE);
    const versions = await policies().versions(id, { limit: 10 });
    expect(versions.map(({ version, state, author, note, parent }) => [version, state, author, note, parent])).toEqual([[4, 'shadow', null, null, 2], [3, 'draft', 'Alice', 'because', 1], [2, 'active', 'key_a', null, 1], [1, 'retired', 'key_a', null, null]]);
    expect((await policies().versions(id, { limit: 1, before: 4, state: 'draft' })).map(({ version }) => version)).toEqual([3]);
    expect(await policies().record(id, 3)).toMatchObject({ id, version: 3, author: 'Alice', document: documentNamed('v3') });
    expect((await policies().shadowOf(id))?.version).toBe(4);
    expect((await policies().list({ prefix: id }))[0]).toEqual({ id, active: 2, shadow: 4, versions: [1, 2, 3, 4] });
  });

  it('writes every change down, newest first, with who, when and why', async () => {
    const id = await withVersions(policies(), 2);
    await policies().setShadow(id, 2, ALICE);
    await policies().setShadow(id, 2, ALICE);
    await policies().activate(id, 2, { ...ALICE, expected: 1 });
    await policies().rollBack(id, ALICE);
    const history = await policies().history(id, { limit: 10 });
    expect(history.map(({ change, version, previous, actor }) => [change, version, previous, actor])).toEqual([
      ['rolled_back', 1, 2, 'key_a'], ['activated', 2, 1, 'key_a'], ['shadow_started', 2, null, 'key_a'], ['created', 2, null, 'key_a'], ['activated', 1, null, 'key_a'], ['created', 1, null, 'key_a'],
    ]);
    expect(history[0]).toMatchObject({ policy: id, note: 'because' });
    expect(Math.abs(history[0]!.at - Date.now() / 1_000)).toBeLessThan(60);
    expect((await policies().history(id, { limit: 2, before: history[2]!.seq })).map(({ change }) => change)).toEqual(['created', 'activated']);
  });

  it('goes back step by step, and no further than there is', async () => {
    const id = await withVersions(policies(), 3);
    for (const version of [2, 3]) await policies().activate(id, version);
    await expect(policies().rollBack(id, { expected: 2 })).rejects.toMatchObject({ code: 'version_conflict' });
    expect(await policies().rollBack(id)).toBe(2);
    expect(await policies().rollBack(id)).toBe(1);
    await expect(policies().rollBack(id)).rejects.toMatchObject({ code: 'version_conflict' });
    expect(await policies().get(id)).toEqual({ id, version: 1, document: documentNamed('v1') });
  });

  it('ends the shadow of a version that becomes active, and has no shadow of the active one', async () => {
    const id = await withVersions(policies(), 3);
    await policies().setShadow(id, 2);
    await policies().activate(id, 3);
    expect((await policies().shadowOf(id))?.version).toBe(2);
    await policies().activate(id, 2);
    expect(await policies().shadowOf(id)).toBeUndefined();
    await expect(policies().setShadow(id, 2)).rejects.toMatchObject({ code: 'version_conflict' });
    await expect(policies().setShadow(id, 9)).rejects.toMatchObject({ code: 'policy_not_found' });
    await policies().setShadow(id, 3);
    await policies().setShadow(id, null);
    expect(await policies().shadowOf(id)).toBeUndefined();
  });

  it('refuses a version that was made from an outdated one', async () => {
    const id = await withVersions(policies(), 2);
    await policies().activate(id, 2);
    await expect(policies().createVersion(id, documentNamed('late'), { expected: 1 })).rejects.toMatchObject({ code: 'version_conflict' });
    await expect(policies().createVersion(id, documentNamed('orphan'), { parent: 9 })).rejects.toMatchObject({ code: 'policy_not_found' });
    await expect(policies().createVersion(newId('none'), documentNamed('x'), { expected: 1 })).rejects.toMatchObject({ code: 'policy_not_found' });
    expect((await policies().versions(id, { limit: 10 })).map(({ version }) => version)).toEqual([2, 1]);
  });

  it('assigns policies to keys, models and routes, and grows the revision with every change', async () => {
    const id = await withVersions(policies(), 2);
    const before = await policies().revision();
    const mine = { kind: 'model', subject: `org/${id}`, policy: `${id}@2`, allowRequest: true } as const;
    await policies().assign(mine, ALICE);
    await policies().assign({ ...mine, policy: id }, ALICE);
    expect((await policies().assignments()).filter(({ subject }) => subject === mine.subject)).toEqual([{ ...mine, policy: id }]);
    await policies().unassign('model', mine.subject, ALICE);
    await expect(policies().unassign('model', mine.subject)).rejects.toMatchObject({ code: 'not_found' });
    for (const policy of [newId('none'), `${id}@9`]) await expect(policies().assign({ ...mine, policy })).rejects.toMatchObject({ code: 'policy_not_found' });
    expect(await policies().revision()).toBe(before + 3);
    expect((await policies().history(id, { limit: 3 })).map(({ change, note }) => [change, note])).toEqual([['unassigned', `model org/${id}`], ['assigned', `model org/${id}`], ['assigned', `model org/${id}`]]);
  });

  it('keeps a lapsed policy from being active without a version of its own', async () => {
    const id = await withVersions(policies(), 1);
    await expect(policies().activate(id, 2)).rejects.toMatchObject({ code: 'policy_not_found' });
    expect((await policies().get(id)).version).toBe(1);
  });
}

/** The contract of PolicyRepository for many writers at once. */
export function describeConcurrency(policies: () => PolicyRepository): void {
  it('has one active version at every moment of 100 parallel activations, and an unbroken trail', async () => {
    const id = await withVersions(policies(), 5);
    let done = false;
    const seen = new Set<number>();
    const watch = (async () => {
      while (!done) {
        const active = (await policies().versions(id, { limit: 10 })).filter(({ state }) => state === 'active');
        expect(active).toHaveLength(1);
        seen.add(active[0]!.version);
      }
    })();
    await Promise.all(Array.from({ length: 100 }, (_, index) => policies().activate(id, (index % 5) + 1, { actor: `key_${index}` })));
    done = true;
    await watch;
    const activations = (await policies().history(id, { limit: 200 })).filter(({ change }) => change === 'activated').reverse();
    expect(activations).toHaveLength(101);
    expect(new Set(activations.slice(1).map(({ actor }) => actor)).size).toBe(100);
    activations.slice(1).forEach((entry, index) => { expect(entry.previous).toBe(activations[index]!.version); });
    expect((await policies().get(id)).version).toBe(activations.at(-1)!.version);
  });

  it('loses no update: of 100 conditional activations exactly those win that saw the truth', async () => {
    const id = await withVersions(policies(), 101);
    let wins = 0;
    const climb = async () => {
      for (let tries = 0; tries < 200; tries += 1) {
        const { version } = await policies().get(id);
        const outcome = await policies().activate(id, version + 1, { expected: version }).then(() => true, (error: { code?: string }) => { expect(error.code).toBe('version_conflict'); return false; });
        if (!outcome) continue;
        wins += 1;
        return;
      }
    };
    await Promise.all(Array.from({ length: 100 }, climb));
    expect(wins).toBe(100);
    expect((await policies().get(id)).version).toBe(101);
  });

  it('lets one of 100 activations with the same expectation win', async () => {
    const id = await withVersions(policies(), 3);
    const all = await Promise.allSettled(Array.from({ length: 100 }, (_, index) => policies().activate(id, (index % 2) + 2, { expected: 1 })));
    expect(all.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
  });

  it('makes one version of one document that 50 apply at once', async () => {
    const id = newId('policy');
    const apply = (name: string) => policies().apply(id, documentNamed(name), { activate: true, same: (a, b) => a.name === b.name });
    for (const [version, name] of [[1, 'first'], [2, 'second']] as const) {
      const all = await Promise.all(Array.from({ length: 50 }, () => apply(name)));
      expect(all.filter(({ created }) => created)).toHaveLength(1);
      expect(all.filter(({ activated }) => activated)).toHaveLength(1);
      expect(new Set(all.map((one) => one.version))).toEqual(new Set([version]));
    }
    expect((await policies().versions(id, { limit: 5 })).map(({ version, state }) => [version, state])).toEqual([[2, 'active'], [1, 'retired']]);
  });

  it('adds shadow counts of many processes', async () => {
    const id = newId('policy');
    const batch = (index: number) => ({ id, version: 2, against: 1, seen: 3, differing: 1, would_block: 1, would_review: 0, would_allow: 0, unjudged: 2, rules: new Map([['S2', { active: 0, shadow: 1 }], ['S1', { active: 1, shadow: 0 }]]), retainDays: 1, differences: [{ at: Math.floor(Date.now() / 1_000) - (index % 50 === 0 ? 90_000 : 0), request_id: null, stage: 'prompt', against: 1, active: 'allow' as const, shadow: 'block' as const, reasons: [] }] });
    await Promise.all(Array.from({ length: 250 }, (_, index) => policies().addShadow(batch(index))));
    const totals = await policies().shadowTotals(id, 2, 500);
    expect(totals.counts).toEqual([{ against: 1, seen: 750, differing: 250, would_block: 250, would_review: 0, would_allow: 0, unjudged: 500 }]);
    expect(totals.rules).toEqual([{ rule: 'S1', active: 250, shadow: 0 }, { rule: 'S2', active: 0, shadow: 250 }]);
    // 250 were added, five of them too old; each addition keeps 200 of what it saw.
    expect(totals.differences.length).toBeGreaterThanOrEqual(195);
    expect(totals.differences.length).toBeLessThanOrEqual(210);
    expect(totals.differences.every(({ at }) => at > Date.now() / 1_000 - 86_400)).toBe(true);
  });
}
