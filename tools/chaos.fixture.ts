import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const root = dirname(import.meta.dirname);
const [LINES, SECONDS] = [400, 8];
/** A loaded machine takes long to start processes again. */
const LIMIT_MS = 900_000;

/** The short form of `npm run chaos`: whatever was killed, each line has one result, that of an undisturbed run. */
export function describeChaos(mode: 'distributed' | 'embedded', victims: string[]): void {
  it(`an audit whose processes are killed at random (${mode}) has one result per line, those of a quiet run`, async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'tools/chaos/chaos.mjs'), '--lines', String(LINES), '--seconds', String(SECONDS), '--mode', mode], { timeout: LIMIT_MS });
    const report = JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<string, unknown> & { killed: Record<string, number> };
    expect(report).toMatchObject({ status: 'completed', total: LINES, done: LINES, failed: 0, found: LINES, distinct: LINES, wrong: 0, ok: true });
    expect(Object.keys(report.killed)).toEqual(expect.arrayContaining(victims));
  }, LIMIT_MS);
}
