import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeBullmq } from './bullmq.fixture.js';
import { openDatabase, type Database } from './database.js';
import { PolicyRepository } from './policy-repository.js';
import { describeRepositories } from './repositories.fixture.js';
import { documentNamed } from './samples.fixture.js';

let parent: string;
let folder: string;
let database: Database;

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'sallyport-storage-'));
  folder = join(parent, 'not', 'there', 'yet');
  database = await openDatabase({ kind: 'pglite', folder });
});

afterAll(async () => {
  await database?.close();
  await rm(parent, { recursive: true, force: true });
});

describe('on PGlite', () => {
  describeRepositories(() => database);
  describeBullmq(() => database, { events: true });
});

describe('a PGlite folder', () => {
  it('is refused while it is open, naming folder and process', async () => {
    const refusal = await openDatabase({ kind: 'pglite', folder }).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ name: 'SallyportError', code: 'not_ready' });
    expect(String(refusal)).toContain(folder);
    expect(String(refusal)).toContain(String(process.pid));
  });

  it('keeps its data when it is opened again', async () => {
    await new PolicyRepository(database).seed('kept', documentNamed('kept'));
    await database.close();
    await database.close();
    await expect(new PolicyRepository(database).get('kept')).rejects.toMatchObject({ code: 'service_unavailable' });
    database = await openDatabase({ kind: 'pglite', folder });
    expect((await new PolicyRepository(database).get('kept')).document).toEqual(documentNamed('kept'));
  });

  it('that cannot be created is said by its path', async () => {
    const file = join(parent, 'file');
    await writeFile(file, '');
    await expect(openDatabase({ kind: 'pglite', folder: join(file, 'inside') })).rejects.toMatchObject({ code: 'service_unavailable' });
  });
});
