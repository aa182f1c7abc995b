import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { registerPlan } from './plan.js';

const fixture = (name: string) => fileURLToPath(new URL(`../../../../libs/llama-core/fixtures/models/${name}`, import.meta.url));

async function plan(...args: string[]): Promise<string> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  registerPlan(program);
  await program.parseAsync(['plan', ...args], { from: 'user' });
  return String(log.mock.calls.at(-1)?.[0]);
}
afterEach(() => { vi.restoreAllMocks(); });

describe('sallyport models plan', () => {
  it.each(['llama4-chunked', 'llama4-chunked.gguf'])('plans %s from its shape alone', async (name) => {
    expect(JSON.parse(await plan(fixture(name), '--context', '100', '--json'))).toMatchObject({
      announced_only: false, parameters: 80_352, context_tokens: 100, max_context_tokens: 512, kv_bytes_per_token: 4 * 2 * 2 * 16 * 4, kv_bytes: 102_400, weight_bytes: { float16: 160_704 },
    });
  });

  it('plans a published model that is not here', async () => {
    const { total_bytes, weight_bytes, kv_bytes } = JSON.parse(await plan('hf:meta-llama/Llama-Guard-3-1B', '--context', '4096', '--json')) as { total_bytes: Record<string, number>; weight_bytes: Record<string, number>; kv_bytes: number };
    expect(kv_bytes).toBe(4096 * 65_536);
    expect(total_bytes['int8']).toBe(weight_bytes['int8']! + kv_bytes);
    expect(await plan('llama-guard-3-1b')).toContain('1.24 billion parameters, context 8192 of 131072 tokens');
  });

  it('says what was only announced', async () => {
    expect(JSON.parse(await plan('llama-4-behemoth', '--json'))).toMatchObject({ announced_only: true, active_parameters: 288e9, kv_bytes_per_token: null });
    expect(await plan('llama-4-behemoth')).toContain('announced only');
  });

  it('refuses what it does not know, and a context that is no number', async () => {
    await expect(plan('no-such-model')).rejects.toMatchObject({ code: 'model_not_found' });
    await expect(plan('llama-3-8b', '--context', '0')).rejects.toMatchObject({ code: 'commander.invalidArgument' });
  });
});
