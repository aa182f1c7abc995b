import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Writes a peft folder with random factors for the given matrices: [module path, rows, columns]. */
export async function writeLoraFolder(folder: string, matrices: ReadonlyArray<readonly [module: string, rows: number, columns: number]>, o: { rank: number; alpha: number; seed: number }): Promise<string> {
  let state = o.seed;
  const random = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  const header: Record<string, object> = {};
  const parts: Float32Array[] = [];
  let end = 0;
  const add = (name: string, shape: [number, number]) => {
    const values = Float32Array.from({ length: shape[0] * shape[1] }, () => (random() - 0.5) * 0.1);
    header[name] = { dtype: 'F32', shape, data_offsets: [end, end + values.byteLength] };
    end += values.byteLength;
    parts.push(values);
  };
  for (const [module, rows, columns] of matrices) {
    add(`base_model.model.${module}.lora_A.weight`, [o.rank, columns]);
    add(`base_model.model.${module}.lora_B.weight`, [rows, o.rank]);
  }
  const text = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(text.length));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'adapter_model.safetensors'), Buffer.concat([prefix, text, ...parts.map((part) => Buffer.from(part.buffer))]));
  await writeFile(join(folder, 'adapter_config.json'), JSON.stringify({ peft_type: 'LORA', r: o.rank, lora_alpha: o.alpha, target_modules: [...new Set(matrices.map(([module]) => module.split('.').at(-1)))] }));
  return folder;
}
