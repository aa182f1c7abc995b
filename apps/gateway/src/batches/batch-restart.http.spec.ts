import { readdir, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BatchRepository, openDatabase } from '@sallyport/storage';
import { expect, it } from 'vitest';
import { clientOf, linesOf, requestLine, startBatch, until, upload } from '../fixtures/batches.fixture.js';
import { openTestGateway, type TestGateway } from '../fixtures/test-gateway.fixture.js';
import { defaultSettings } from '../gateway-options.js';

const BATCH = { ...defaultSettings().batch, chunkLines: { '/v1/moderations': 3, '/v1/chat/completions': 3 }, backoffMs: 20 };
/** A loaded machine takes long to start a gateway five times. */
const LIMIT_MS = 300_000;
const IDS = Array.from({ length: 40 }, (_, at) => `row-${at}`);
const LINES = IDS.map((id, at) => requestLine(id, { input: at % 7 === 0 ? `kill ${at}` : `text ${at}` }));

/** Every answer, without what differs from run to run. */
const verdicts = async (gateway: TestGateway, fileId: string | null | undefined) => (await linesOf(clientOf(gateway), fileId)).map(({ custom_id, response }) => [custom_id, (response!.body as { results: Array<{ flagged: boolean }> }).results.map(({ flagged }) => flagged)]);

it('goes on after restarts in the middle: no line is lost, none is there twice, and the results are those of a quiet run', async () => {
  let gateway = await openTestGateway({ batch: BATCH });
  const quiet = await until(clientOf(gateway), (await startBatch(clientOf(gateway), LINES)).id);
  const expected = await verdicts(gateway, quiet.output_file_id);
  expect(expected.map(([id]) => id)).toEqual(IDS);
  try {
    gateway.guard.pause = () => new Promise((resolve) => setTimeout(resolve, 30));
    const { id } = await startBatch(clientOf(gateway), LINES);
    for (const least of [0, 4, 10, 20]) {
      await until(clientOf(gateway), id, ({ request_counts: counts, status }) => (counts?.completed ?? 0) >= least || status === 'completed');
      await gateway.stop();
      gateway = await openTestGateway({ batch: BATCH }, { existing: gateway.folder });
      gateway.guard.pause = () => new Promise((resolve) => setTimeout(resolve, 30));
    }
    const done = await until(clientOf(gateway), id);
    expect(done).toMatchObject({ status: 'completed', error_file_id: null, request_counts: { total: 40, completed: 40, failed: 0 } });
    expect(await verdicts(gateway, done.output_file_id)).toEqual(expected);
    expect((await readdir(join(gateway.folder, 'files'))).filter((name) => name.endsWith('.part'))).toEqual([]);
  } finally {
    await gateway.close();
  }
}, LIMIT_MS);

it('fails a batch whose input file was removed before it was read', async () => {
  let gateway = await openTestGateway({ batch: BATCH });
  try {
    await gateway.stop();
    const database = await openDatabase({ kind: 'pglite', folder: join(gateway.folder, 'database') });
    const asked = { owner: 'anonymous', keyId: 'anonymous', endpoint: '/v1/moderations' as const, completionWindow: '24h', fingerprint: 'f', windowMs: 3_600_000 };
    const { id } = await new BatchRepository(database).create({ ...asked, id: 'batch_left', inputFileId: 'file-removed' });
    await database.close();
    gateway = await openTestGateway({ batch: BATCH }, { existing: gateway.folder });
    const done = await until(clientOf(gateway), id);
    expect(done).toMatchObject({ status: 'failed', errors: { data: [{ code: 'file_not_found', param: 'input_file_id', line: null }] } });
  } finally {
    await gateway.close();
  }
}, LIMIT_MS);

it('removes contents that a killed process left and no file has, once they are old', async () => {
  const gateway = await openTestGateway({ batch: { ...BATCH, reconcileMs: 100 } });
  try {
    const kept = await upload(clientOf(gateway), LINES);
    const folder = join(gateway.folder, 'files');
    const [orphan, part, young] = ['a', 'b', 'c'].map((digit) => join(folder, `file-${digit.repeat(32)}${digit === 'b' ? '.1.part' : ''}`)) as [string, string, string];
    for (const path of [orphan, part, young]) await writeFile(path, 'left');
    for (const path of [orphan, part]) await utimes(path, 1, 1);
    while ((await readdir(folder)).length > 2) await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await readdir(folder)).sort()).toEqual([basename(young), kept.id].sort());
  } finally {
    await gateway.close();
  }
}, LIMIT_MS);
