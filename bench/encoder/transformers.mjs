// The peers' side: Python exports the guard's weights for transformers.js and measures PyTorch itself.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('transformers_speed.py', import.meta.url));

function runPython(python, args) {
  const { status, stdout, error } = spawnSync(python, [script, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (status !== 0) throw new Error(`${python} could not run ${script}: ${error?.message ?? `it ended with ${status}`}.`);
  return stdout.trim().split('\n').at(-1);
}

/** Whether the guard's graph lies at `to`, exported now where it was not. */
export function exportOnnx(python, model, to) {
  if (existsSync(join(to, 'onnx', 'model.onnx'))) return true;
  if (python === undefined) {
    console.log('  transformers.js: skipped; --python PATH names a Python with torch, transformers, onnx and onnxscript, which exports the weights.');
    return false;
  }
  runPython(python, ['export', model, to]);
  return true;
}

/** { name: { single, batch } } in milliseconds; nothing without a Python. */
export function torchSpeeds(python, model, texts, rounds) {
  if (python !== undefined) return JSON.parse(runPython(python, ['speed', model, JSON.stringify({ texts, rounds })]));
  console.log('  transformers: skipped; --python PATH names a Python that has torch and transformers.');
  return {};
}
