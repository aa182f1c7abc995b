// llama-core against node-llama-cpp: the same files, threads and machine, in one run.
import { loadavg } from 'node:os';
import { modelPath, rounded, THREADS } from '../engines.mjs';
import { errorRows, measureErrors } from './errors.mjs';
import { measureFirstToken } from './first-token.mjs';
import { profileRows } from './profile.mjs';
import { q40File } from './q4-0-file.mjs';
import { machineOf, machineRows, shareRows } from './shares.mjs';
import { measureSpeeds, speedRows } from './speeds.mjs';
import { measureSteps } from './steps.mjs';
import { transformersRows } from './transformers.mjs';

/** Load average of the last minute from which on a machine is not quiet. */
const BUSY = 1;

/** Files, the quantizations of ours that run them, and the ratios over llama.cpp that are wanted. */
const filesOf = async () => ({
  Q4_1: { path: modelPath, quantizations: ['int8'], isGolden: true, targets: { decode: 1.8, decode8: 3, prefill: 2 } },
  Q4_0: { path: await q40File(), quantizations: ['int8', 'int4'], isGolden: false, targets: { decode: 1.5, decode8: 2.5, prefill: 1 } },
});

/** Processes that wait for a core share it with what is measured, and llama.cpp, whose threads wait for each other in a loop, suffers most. */
function warnIfBusy({ quick }) {
  const [load] = loadavg();
  if (quick) console.log('  --quick: the figures show that everything runs, and nothing else.');
  if (load > BUSY) console.log(`  The machine is busy (load ${load.toFixed(1)}): do not trust the ratios of this run.`);
  return load;
}

export async function llamaCore(options) {
  const load = warnIfBusy(options);
  if (options.steps) return { [`Tokens per step, ${THREADS} threads`]: await measureSteps(options) };
  /** A run that says nothing about speed passes and fails nothing. */
  const verdict = (met) => (options.quick || load > BUSY ? 'not judged' : met);
  const files = await filesOf();
  const machine = await machineOf(options);
  const tables = { speeds: [], errors: [], shares: [], profile: [] };
  let ours;
  for (const [file, about] of Object.entries(files)) {
    console.log(`${file}`);
    const errors = await measureErrors(about, options);
    const speeds = await measureSpeeds(about, options);
    tables.speeds.push(...speedRows(file, speeds, errors, { targets: about.targets, verdict }));
    tables.errors.push(...errorRows(file, errors));
    tables.shares.push(...(await shareRows(file, about, speeds, machine, options)));
    if (options.profile) for (const quantization of about.quantizations) tables.profile.push(...(await profileRows(file, about.path, quantization, options)));
    ours ??= [`llama-core ${about.quantizations[0]}`, speeds[`llama-core ${about.quantizations[0]}`]];
  }
  const firstToken = await measureFirstToken(options, verdict);
  return {
    [`Speeds against llama.cpp (node-llama-cpp 3.22.1), ${THREADS} threads, median of ${options.rounds}`]: tables.speeds,
    'Errors against float32 weights of the same file': tables.errors,
    'First-token verdict': firstToken,
    'transformers (PyTorch)': await transformersRows(options, ours),
    'The machine': [...machineRows(machine), { what: 'load average before the run', value: rounded(load, 2), unit: 'processes' }],
    'Share of the machine reached': tables.shares,
    ...(options.profile ? { 'ONNX Runtime by operator': tables.profile } : {}),
  };
}
