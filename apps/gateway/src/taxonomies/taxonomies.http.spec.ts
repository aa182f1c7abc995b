import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestGateway, type TestGateway } from '../fixtures/test-gateway.fixture.js';

describe('taxonomies', () => {
  let gateway: TestGateway;
  beforeAll(async () => { gateway = await openTestGateway(); });
  afterAll(() => gateway.close());
  const get = (path: string) => request(gateway.url).get(`/v1/taxonomies${path}`);

  it('are listed with their sources', async () => {
    const { body } = await get('');
    expect(body.data.map((row: { id: string }) => row.id)).toEqual(['llama-guard-1', 'llama-guard-2', 'llama-guard-3', 'llama-guard-4', 'mlcommons-ailuminate', 'openai-moderation', 'prompt-guard']);
    expect(body.data[4]).toMatchObject({ categories: 12, url: expect.stringMatching(/^https:/), source: expect.any(String) });
  });

  it('show their categories and map onto each other', async () => {
    expect((await get('/openai-moderation/categories')).body.data).toHaveLength(13);
    const { body } = await get('/llama-guard-2/map/mlcommons-ailuminate');
    expect(body).toMatchObject({ from: 'llama-guard-2', to: 'mlcommons-ailuminate' });
    expect(body.data.find((row: { code: string }) => row.code === 'S9').to).toEqual([{ code: 'hte', name: 'Hate', relation: 'equivalent' }]);
  });

  it.each([['/x/categories', 'taxonomy'], ['/x/map/llama-guard-3', 'taxonomy'], ['/llama-guard-3/map/x', 'other']])('answer %s by name', async (path, param) => {
    const { status, body } = await get(path);
    expect({ status, ...body.error }).toMatchObject({ status: 404, code: 'taxonomy_not_found', param });
  });
});
