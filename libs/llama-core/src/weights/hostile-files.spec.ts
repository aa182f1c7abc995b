import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openGguf } from './gguf.js';
import { GgufBytes } from './gguf-file.fixture.js';
import { openSafetensors } from './safetensors.js';

let folder: string;
beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'hostile-')); });
afterAll(() => rm(folder, { recursive: true, force: true }));

const F32 = 0;
const sound = () => new GgufBytes().header(1, 1).text('general.architecture').u32(8).text('llama').tensor('a', [32, 2], F32, 0).data(256);

describe('openGguf', () => {
  const path = () => join(folder, 'model.gguf');

  it('reads a sound file', async () => {
    const file = await openGguf(await sound().write(path()));
    expect([...file.tensors.values()]).toMatchObject([{ name: 'a', shape: [2, 32], byteLength: 256 }]);
    await file.close();
  });

  it('refuses a file that is cut anywhere', async () => {
    for (const cut of [0, 3, 10, 24, 40, 70, 90, 120, 300, 383]) await expect(openGguf(await sound().write(path(), cut)), `cut at ${cut}`).rejects.toMatchObject({ code: 'gguf_invalid' });
  });

  it.each<[string, () => GgufBytes]>([
    ['a tensor count that lies', () => new GgufBytes().header(7, 0).tensor('a', [32], F32, 0).data(128)],
    ['a tensor count of 2^63', () => new GgufBytes().header(2n ** 63n, 0).data(64)],
    ['a metadata count of 2^40', () => new GgufBytes().header(0, 2n ** 40n).data(64)],
    ['a text of 2^50 bytes', () => new GgufBytes().header(0, 1).u64(2n ** 50n).data(64)],
    ['a tensor behind the end', () => new GgufBytes().header(1, 0).tensor('a', [32], F32, 1 << 20).data(128)],
    ['overlapping tensors', () => new GgufBytes().header(2, 0).tensor('a', [32], F32, 0).tensor('b', [32], F32, 64).data(256)],
    ['an impossible shape', () => new GgufBytes().header(1, 0).tensor('a', [2 ** 31, 2 ** 31, 2 ** 31], F32, 0).data(64)],
    ['an array of 2^40 elements', () => new GgufBytes().header(0, 1).text('a').u32(9).u32(0).u64(2n ** 40n).data(64)],
    ['arrays that multiply', () => Array.from({ length: 6 }, (_, i) => i).reduce((bytes, i) => bytes.text(`k${i}`).u32(9).u32(0).u64(1_000_000).raw(Buffer.alloc(1_000_000)), new GgufBytes().header(0, 6))],
    ['arrays nested without end', () => Array.from({ length: 40 }).reduce<GgufBytes>((bytes) => bytes.u32(9).u64(1), new GgufBytes().header(0, 1).text('a').u32(9)).data(64)],
    ['another magic', () => new GgufBytes().raw(Buffer.from('GGML')).u32(3).u64(0).u64(0).data(32)],
    ['an unknown version', () => new GgufBytes().raw(Buffer.from('GGUF')).u32(99).u64(0).u64(0).data(32)],
  ])('refuses %s', async (_what, bytes) => {
    await expect(openGguf(await bytes().write(path()))).rejects.toMatchObject({ code: 'gguf_invalid' });
  });

  it('names a type that it cannot read', async () => {
    const iq = new GgufBytes().header(1, 0).tensor('blk.0.q', [256], 20, 0).data(256);
    await expect(openGguf(await iq.write(path()))).rejects.toMatchObject({ code: 'unsupported_tensor_type', param: 'blk.0.q', message: expect.stringContaining('IQ4_NL') });
  });
});

describe('openSafetensors', () => {
  const write = async (header: string, data = 0, claimed = header.length) => {
    const prefix = Buffer.alloc(8);
    prefix.writeBigUInt64LE(BigInt(claimed));
    await writeFile(join(folder, 'model.safetensors'), Buffer.concat([prefix, Buffer.from(header), Buffer.alloc(data)]));
    return openSafetensors(folder);
  };
  const tensor = (fields: object) => JSON.stringify({ a: { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...fields } });

  it('reads a sound file', async () => {
    const file = await write(tensor({}), 8);
    expect(file.tensors.get('a')).toMatchObject({ byteLength: 8 });
    await file.close();
  });

  it.each<[string, () => Promise<unknown>]>([
    ['a header that is longer than the file', () => write('{}', 0, 1_000_000)],
    ['a header that is no JSON', () => write('{"a": ')],
    ['a tensor behind the end', () => write(tensor({}), 4)],
    ['a size that contradicts the shape', () => write(tensor({ data_offsets: [0, 4] }), 8)],
    ['a negative dimension', () => write(tensor({ shape: [-2] }), 8)],
    ['overlapping tensors', () => write(JSON.stringify({ a: { dtype: 'F32', shape: [2], data_offsets: [0, 8] }, b: { dtype: 'F32', shape: [2], data_offsets: [4, 12] } }), 12)],
  ])('refuses %s', async (_what, attempt) => {
    await expect(attempt()).rejects.toMatchObject({ code: 'safetensors_invalid' });
  });

  it('takes a type that every object has for no type', async () => {
    await expect(write(tensor({ dtype: 'constructor' }), 8)).rejects.toMatchObject({ code: 'unsupported_tensor_type', param: 'a' });
  });

  const index = (names: string[]) => JSON.stringify({ weight_map: Object.fromEntries(names.map((name, i) => [`t${i}`, name])) });

  it('reads weights that models share from a folder beside them', async () => {
    await write(tensor({}), 8);
    const [model, shared] = [join(folder, 'models/one'), join(folder, 'models/shared')];
    await Promise.all([model, shared].map((at) => mkdir(at, { recursive: true })));
    await copyFile(join(folder, 'model.safetensors'), join(shared, 'words.safetensors'));
    await writeFile(join(model, 'model.safetensors.index.json'), index(['../shared/words.safetensors']));
    const file = await openSafetensors(model);
    expect(file.tensors.get('a')).toMatchObject({ byteLength: 8 });
    await file.close();
  });

  it.each(['../../x.safetensors', '../x.safetensors', '../../a/x.safetensors', '../a/../../x.safetensors', '../../../etc/passwd', '/tmp/x.safetensors', 'a/x.safetensors', '..', '', '../a/x.txt', '../a/x\0.safetensors'])(
    'refuses a shard at %j', async (name) => {
      const model = await mkdtemp(join(folder, 'shards-'));
      await writeFile(join(model, 'model.safetensors.index.json'), index([name]));
      await expect(openSafetensors(model)).rejects.toMatchObject({ code: 'safetensors_invalid', param: 'model.safetensors.index.json' });
    });

  it('says which file is missing, or no file', async () => {
    await mkdir(join(folder, 'odd/model.safetensors'), { recursive: true });
    await expect(openSafetensors(join(folder, 'odd'))).rejects.toMatchObject({ code: 'model_not_found', param: 'model.safetensors' });
    await expect(openGguf(folder)).rejects.toMatchObject({ code: 'model_not_found' });
    await expect(openSafetensors(join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'model_not_found' });
  });
});
