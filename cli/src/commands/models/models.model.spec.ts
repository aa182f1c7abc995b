import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const bin = join(root, 'cli/bin/sallyport.mjs');
const models = (...args: string[]) => promisify(execFile)(process.execPath, [bin, 'models', ...args], { cwd: root });

describe('sallyport models', () => {
  it('lists the catalog with what is here', async () => {
    const { stdout } = await models('list');
    expect(stdout).toMatch(/^smollm2-135m-instruct +98\.4 MB .*\.gguf {2}\(Apache-2\.0\)$/m);
    const home = await mkdtemp(join(tmpdir(), 'home-'));
    const { stdout: nothing } = await promisify(execFile)(process.execPath, [bin, 'models', 'list', '--json'], { cwd: root, env: { ...process.env, SALLYPORT_HOME: home } });
    expect(JSON.parse(nothing)).toEqual([{ reference: 'smollm2-135m-instruct', bytes: 98_362_432, license: 'Apache-2.0' }]);
    await rm(home, { recursive: true });
  });

  it('inspects a GGUF file and a folder', async () => {
    const { stdout } = await models('inspect', 'smollm2-135m-instruct', '--tensors', '--template');
    expect(stdout).toContain('decoder, gguf, 135 million parameters');
    expect(stdout).toMatch(/^ +normEpsilon +0\.00001$/m);
    expect(stdout).toContain('1 Q8_0 (30.1 MB), 61 F32 (141 kB), 210 Q4_1 (66.4 MB)');
    expect(stdout).toContain('49152 tokens, 17 of them control tokens, ends with <|im_end|>');
    expect(stdout).toMatch(/^blk\.0\.attn_k\.weight {2}Q4_1 \[192, 576\] {2}69\.1 kB$/m);
    expect(stdout).toContain('add_generation_prompt');
    const report = JSON.parse((await models('inspect', 'libs/llama-core/fixtures/models/llama2-gqa', '--json')).stdout) as object;
    expect(report).toMatchObject({ format: 'safetensors', config: { layers: 3, kvHeads: 2, headDim: 16 }, types: { F32: { count: 30 } }, kvBytesPerToken: 2 * 3 * 2 * 16 * 4, tokenizerProblem: expect.stringContaining('tokenizer.json') });
    await expect(models('inspect', 'hf:org/nothing')).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('models pull hf:org/nothing') });
  });

  it('chats with whom a pipe feeds it', async () => {
    const child = spawn(process.execPath, [bin, 'models', 'chat', '--max-tokens', '24', '--context', '512'], { cwd: root });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => { out += chunk.toString(); });
    child.stdin.end('What is the capital of France?\n/stats\n/exit\nnever read\n');
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
    const [answer, stats, ...rest] = out.trim().split('\n');
    expect(answer).toContain('Paris');
    expect(stats).toMatch(/^\d+ tokens read .* ended with stop$/);
    expect(rest).toEqual([]);
  });

  it('says what is wrong with its flags', async () => {
    await expect(models('chat', '--temperature', 'hot')).rejects.toMatchObject({ stderr: expect.stringContaining('temperature: expected a number') });
  });
});
