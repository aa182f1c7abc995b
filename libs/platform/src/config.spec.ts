import { describe, expect, it } from 'vitest';
import { loadConfig } from './config.js';

describe('loadConfig', () => {
  it('needs nothing for an embedded start', () => {
    expect(loadConfig({})).toMatchObject({ mode: 'embedded', host: '127.0.0.1', port: 8080, databaseUrl: undefined, generator: 'smollm2-135m-instruct', apiKeys: [] });
  });

  it.each([
    [{ PORT: 'eighty' }, 'PORT'],
    [{ SALLYPORT_MODE: 'cloud' }, 'SALLYPORT_MODE'],
    [{ SALLYPORT_MODE: 'distributed' }, 'DATABASE_URL'],
    [{ DATABASE_URL: 'mysql://x' }, 'DATABASE_URL'],
    [{ REDIS_URL: 'nowhere' }, 'REDIS_URL'],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL'],
    [{ SALLYPORT_UPSTREAMS: '/no/such/file.json' }, 'SALLYPORT_UPSTREAMS'],
  ])('refuses %o by name', (environment, param) => {
    expect(() => loadConfig(environment)).toThrow(expect.objectContaining({ code: 'invalid_request', param }));
  });

  it('refuses a public address without keys, and takes it with keys', () => {
    expect(() => loadConfig({ HOST: '0.0.0.0' })).toThrow(expect.objectContaining({ code: 'forbidden' }));
    expect(loadConfig({ HOST: '0.0.0.0', SALLYPORT_API_KEYS: 'a, b,' }).apiKeys).toEqual(['a', 'b']);
  });
});
