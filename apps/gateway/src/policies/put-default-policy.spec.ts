import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_POLICY } from '@sallyport/policy';
import { type Database, openDatabase, PolicyRepository } from '@sallyport/storage';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { putDefaultPolicy } from './put-default-policy.js';

const EARLIER = { ...DEFAULT_POLICY, categories: { ...DEFAULT_POLICY.categories, harm: { ...DEFAULT_POLICY.categories['harm']!, threshold: 0.123 } } };
let folder: string;
let database: Database;
let policies: PolicyRepository;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'default-policy-'));
  database = await openDatabase({ kind: 'pglite', folder });
  policies = new PolicyRepository(database);
});
afterAll(async () => {
  await database.close();
  await rm(folder, { recursive: true });
});

/** What a start says. */
async function start(id: string): Promise<string[]> {
  const said: string[] = [];
  const say = (_fields: object, message: string) => void said.push(message);
  await putDefaultPolicy(policies, id, { info: say, warn: say, error: say });
  return said;
}

it('says nothing on a fresh database, nor at the next start', async () => {
  expect(await start('fresh')).toEqual([]);
  expect(await start('fresh')).toEqual([]);
  expect(await policies.get('fresh')).toEqual({ id: 'fresh', version: 1, document: DEFAULT_POLICY });
});

it('brings the defaults of a database that an earlier release made up to date, once, and says so', async () => {
  await policies.seed('earlier', EARLIER);
  expect(await start('earlier')).toEqual([expect.stringContaining('this release\'s defaults are active now')]);
  expect(await policies.get('earlier')).toEqual({ id: 'earlier', version: 2, document: DEFAULT_POLICY });
  expect(await start('earlier')).toEqual([]);
});

it('leaves what somebody changed, and says so', async () => {
  await policies.seed('changed', EARLIER);
  await policies.createVersion('changed', { ...EARLIER, name: 'Ours' }, { actor: 'anonymous' });
  expect(await start('changed')).toEqual([expect.stringContaining('were not applied')]);
  expect(await policies.get('changed')).toEqual({ id: 'changed', version: 1, document: EARLIER });
});
