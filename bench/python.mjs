// Peers that run in Python.
import { spawnSync } from 'node:child_process';

/** Runs a script to its end and gives back the last line that it printed. @throws Error naming the script. */
export function runPython(python, script, args) {
  const { status, stdout, error } = spawnSync(python, [script, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (status !== 0) throw new Error(`${python} could not run ${script}: ${error?.message ?? `it ended with ${status}`}.`);
  return stdout.trim().split('\n').at(-1);
}

/** What a Python lacks, in words; undefined where it has all the modules. */
export function lackOf(python, modules) {
  const find = `import importlib.util as u; print(', '.join(m for m in '${modules.join(' ')}'.split() if u.find_spec(m) is None))`;
  const { status, stdout, error } = spawnSync(python, ['-c', find], { encoding: 'utf8' });
  if (status !== 0) return `${python} does not run (${error?.code ?? `it ended with ${status}`})`;
  return stdout.trim() === '' ? undefined : `${python} lacks ${stdout.trim()}`;
}
