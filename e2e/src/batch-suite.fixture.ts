import OpenAI, { toFile } from 'openai';
import { beforeAll, describe, expect, it } from 'vitest';
import { HATEFUL, STUB } from './chat-suite.fixture.js';
import type { Deployment } from './deployment.fixture.js';
import { waitUntil } from './service-process.fixture.js';

const ROWS = 600;
const LIMIT_MS = 900_000;

interface Row {
  custom_id: string;
  response: { status_code: number; body: { choices: Array<{ finish_reason: string; message: { content: string | null } }>; results: Array<{ flagged: boolean }> } };
}

const line = (customId: string, url: string, body: object) => JSON.stringify({ custom_id: customId, method: 'POST', url, body });

/** Batches through the official client, with what answers them killed in the middle. */
export function describeBatches(name: string, deployment: () => Deployment, killAndRestart: () => Promise<void>): void {
  describe(`${name}: a batch`, () => {
    let openai: OpenAI;
    beforeAll(() => { openai = new OpenAI({ baseURL: `${deployment().url}/v1`, apiKey: 'none', maxRetries: 0 }); });

    const start = async (endpoint: '/v1/moderations' | '/v1/chat/completions', lines: string[]) => {
      const { id } = await openai.files.create({ file: await toFile(Buffer.from(lines.join('\n')), 'requests.jsonl'), purpose: 'batch' });
      return (await openai.batches.create({ input_file_id: id, endpoint, completion_window: '24h', metadata: { suite: name } })).id;
    };
    const completed = async (id: string) => {
      await waitUntil('the end of the batch', async () => (await openai.batches.retrieve(id)).status === 'completed', { timeoutMs: LIMIT_MS });
      return openai.batches.retrieve(id);
    };
    const rowsOf = async (fileId: string | null | undefined) => (await (await openai.files.content(fileId!)).text()).trimEnd().split('\n').map((row) => JSON.parse(row) as Row);

    it('of chat turns gives what the route gives, blocked turns among them', async () => {
      deployment().upstream.answer = 'The river runs to the sea.';
      const id = await start('/v1/chat/completions', ['Where does the river run to?', HATEFUL].map((content, at) => line(`turn-${at}`, '/v1/chat/completions', { model: STUB, messages: [{ role: 'user', content }] })));
      const done = await completed(id);
      expect(done).toMatchObject({ error_file_id: null, request_counts: { total: 2, completed: 2, failed: 0 } });
      const answers = (await rowsOf(done.output_file_id)).map(({ response }) => [response.status_code, response.body.choices[0]!.finish_reason, response.body.choices[0]!.message.content]);
      expect(answers).toEqual([[200, 'stop', 'The river runs to the sea.'], [200, 'content_filter', null]]);
    }, LIMIT_MS);

    it(`of ${ROWS} moderations survives kill -9: every line has exactly one answer`, async () => {
      const id = await start('/v1/moderations', Array.from({ length: ROWS }, (_, at) => line(`row-${at}`, '/v1/moderations', { input: at % 50 === 0 ? HATEFUL : `Boat number ${at} leaves at ten.` })));
      await waitUntil('a part of the batch', async () => ((await openai.batches.retrieve(id)).request_counts?.completed ?? 0) > 0, { timeoutMs: LIMIT_MS });
      await killAndRestart();
      const done = await completed(id);
      expect(done.request_counts).toEqual({ total: ROWS, completed: ROWS, failed: 0 });
      const rows = await rowsOf(done.output_file_id);
      expect(rows.map(({ custom_id }) => custom_id)).toEqual(Array.from({ length: ROWS }, (_, at) => `row-${at}`));
      expect(rows.filter((_, at) => at % 50 === 0).every(({ response }) => response.body.results[0]!.flagged)).toBe(true);
    }, LIMIT_MS);
  });
}
