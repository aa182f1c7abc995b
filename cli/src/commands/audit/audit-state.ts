import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { AuditOptions } from '@sallyport/contracts';
import { CliError } from '../../cli-error.js';
import { EXIT } from '../../exit-codes.js';
import type { FileDigest } from './audit-upload.js';

/** What a run leaves in its folder, so that the next one goes on with the same audit. */
export interface AuditState {
  audit: string;
  /** URL of the server, or the data folder of a run in the process. */
  where: string;
  file: FileDigest;
  options: AuditOptions;
}

const NAME = 'audit.json';

/** The state of an earlier run in a folder; undefined without one. Throws a CliError for a file that is something else. */
export async function readState(folder: string): Promise<AuditState | undefined> {
  const path = join(folder, NAME);
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const state = JSON.parse(text) as AuditState;
    if (typeof state.audit === 'string' && typeof state.file?.sha256 === 'string') return state;
  } catch {
    // Said below: whatever it is, it is no state of ours.
  }
  throw new CliError(`${path} is not what an earlier run left. Move it, or begin anew with --fresh.`, undefined, EXIT.invalid);
}

/** Written beside and renamed: there as a whole or not at all. */
export async function writeState(folder: string, state: AuditState): Promise<void> {
  const path = join(folder, NAME);
  await writeFile(`${path}.part`, `${JSON.stringify(state, null, 2)}\n`);
  await rename(`${path}.part`, path);
}

/** Throws a CliError that says what differs when an earlier run was about something else. */
export function requireSame(earlier: AuditState, now: Omit<AuditState, 'audit'>): void {
  const differs = earlier.file.sha256 !== now.file.sha256 ? 'another content of the file' : earlier.where !== now.where ? 'another server or data folder' : isDeepStrictEqual(earlier.options, now.options) ? undefined : 'other options';
  if (differs) throw new CliError(`--out holds audit ${earlier.audit} of ${differs}. Name another folder, or begin anew with --fresh.`, undefined, EXIT.conflict);
}
