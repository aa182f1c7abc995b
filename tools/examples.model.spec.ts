import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createLocalEngine } from '../libs/llama-core/src/engine/local-engine.js';
import { OpenAiServer } from '../libs/llama-core/src/engines/openai/openai-server.fixture.js';
import { DEFAULT_GENERATOR } from '../libs/llama-core/src/hub/catalog.js';
import { loadDecoder } from '../libs/llama-core/src/runtime/load-model.js';
import { loadGgufTokenizer } from '../libs/llama-core/src/tokenizer/load-tokenizer.js';

const root = join(import.meta.dirname, '..');
const run = async (file: string, ...args: string[]) => (await promisify(execFile)(process.execPath, [join('examples', file), ...args], { cwd: root })).stdout;

const EXPECTED: Record<string, RegExp[]> = {
  'generate.mjs': [/Paris/, /tokens read, \d+ written, ended with stop/],
  'sampled-stories.mjs': [/^1: … a small robot[^.]*\.\n2: … a small robot[^.]*\.\n3: … a small robot[^.]*\.\n$/],
  'structured-answer.mjs': [/continent: '(Africa|America|Asia|Europe|Oceania)'/],
  'token-probabilities.mjs': [/^"[^"]+" \d+\.\d % {3}instead of: ("[^"]*" \d+\.\d %(, )?){2,3}$/m, /^without "/m],
  'tokenize.mjs': [/^text: \d+ tokens, 0 of them control tokens/m, /^chat: \d+ tokens, [1-9]\d* of them control tokens/m],
  // Scores change when the guard is trained again: the sides of its default threshold of 0.5 do not.
  'classify.mjs': [/bake bread\? {2}harm 0\.0/, /bomb\. {2}harm 0\.[5-9]/],
};

describe('examples', () => {
  it.each(Object.entries(EXPECTED))('%s', async (file, patterns) => {
    const output = await run(file);
    for (const pattern of patterns) expect(output).toMatch(pattern);
  });

  it('remote.mjs, on a server of ours', async () => {
    const model = join(root, '.sallyport/models', DEFAULT_GENERATOR.id, DEFAULT_GENERATOR.file);
    const options = { quantization: 'int8' as const, cacheFolder: join(root, '.sallyport/graphs'), contextTokens: 512 };
    const decoder = await loadDecoder({ path: model, ...options });
    const { tokenizer, template } = await loadGgufTokenizer(decoder.metadata!);
    const engine = await createLocalEngine({ model, ...options });
    const server = await OpenAiServer.start({ engine, decoder, tokenizer, template: template! });
    try {
      const output = await run('remote.mjs', server.baseUrl, 'tested');
      expect(output).toContain('contextTokens: 512');
      expect(output).toContain('Paris');
    } finally {
      await server.close();
      await engine.close();
      await decoder.runner.close();
    }
  });

  it('are all listed and all run', () => {
    const files = readdirSync(join(root, 'examples')).filter((file) => file.endsWith('.mjs') && file !== 'default-model.mjs');
    expect(files.sort()).toEqual([...Object.keys(EXPECTED), 'remote.mjs'].sort());
    const readme = readFileSync(join(root, 'examples/README.md'), 'utf8');
    for (const file of files) expect(readme).toContain(`| \`${file}\` |`);
  });
});
