import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { byteSize, parameterCount } from './byte-sizes.js';
import { modelsPage } from './models-page.js';

describe('docs/models.md', () => {
  it('is what the code computes; `npx vitest run cli/src/models-page.spec.ts -u` writes it', async () => {
    await expect(modelsPage()).toMatchFileSnapshot(fileURLToPath(new URL('../../docs/models.md', import.meta.url)));
  });
});

describe('sizes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [65_536, '65.5 kB'],
    [4_654_000_000, '4.65 GB'],
    [4e12, '4 TB'],
  ])('%i bytes are %s', (bytes, text) => { expect(byteSize(bytes)).toBe(text); });

  it('counts parameters', () => {
    expect([8_030_261_248, 70_830_722, 2e12, 80_416].map(parameterCount)).toEqual(['8.03 billion', '70.8 million', '2000 billion', '80,416']);
  });
});
