// What every command needs before it can run: the right Node, the locked packages, a current build. Node built-ins only: nothing is installed yet.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, 'node_modules', '.sallyport-installed');
const minimumNode = [20, 20];

/** A program that npm installed. */
export const bin = (name) => join(root, 'node_modules', '.bin', name);

/** Runs a command in the repository root with inherited output; returns its exit code. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (error) throw new Error(`could not run ${command}: ${error.message}`);
  return status ?? 1;
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > minimumNode[0] || (major === minimumNode[0] && minor >= minimumNode[1])) return;
  console.error(`Sallyport needs Node ${minimumNode.join('.')} or newer, this is ${process.versions.node}. Install a newer Node and run the command again.`);
  process.exit(1);
}

function ensureInstalled() {
  const lock = createHash('sha256').update(readFileSync(join(root, 'package-lock.json'))).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.log('Installing packages (npm ci, about half a minute the first time) …');
  if (run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']) !== 0) {
    console.error('npm ci failed. Check that the npm registry can be reached, then run the command again.');
    process.exit(1);
  }
  writeFileSync(stamp, lock);
}

/** Compiles every project; a no-op takes under a second. */
export function build() {
  const code = run(process.execPath, [join('node_modules', 'typescript7', 'bin', 'tsc'), '-b', 'tsconfig.json']);
  if (code !== 0) process.exit(code);
}

/** Node, packages and build are there when this returns; says what it does only when there is something to do. */
export function bootstrap() {
  checkNode();
  ensureInstalled();
  if (!existsSync(join(root, 'cli', 'dist', 'main.js'))) console.log('Building …');
  build();
}
