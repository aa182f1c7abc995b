import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../../../bench/one-billion.mjs', import.meta.url));

interface Peak {
  fileMb: number;
  graphMb: number;
  building: { peakMb: number };
  again: { peakMb: number };
}

describe('peak memory of a process that builds, opens and runs a model with an embedding and a head of 320 MB each', () => {
  it.each(['none', 'int4'])('stays below its graph and 512 MB, %s', (quantization) => {
    const { fileMb, graphMb, building, again } = JSON.parse(execFileSync(process.execPath, [script, 'embedding', quantization], { encoding: 'utf8' })) as Peak;
    expect(fileMb).toBeGreaterThan(640);
    expect(building.peakMb).toBeLessThan(graphMb + 512);
    expect(again.peakMb).toBeLessThan(graphMb + 512);
  }, 180_000);
});
