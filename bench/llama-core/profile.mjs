// Where a step's time goes: ONNX Runtime's own profile by operator, and what is left of the wall clock (binding, copies, JavaScript).
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONTEXT, MAX_SEQUENCES, prompt, rounded, THREADS } from '../engines.mjs';
import { graphOf } from './shares.mjs';

const WARM_UP = 3;
const PREFILL_TOKENS = 512;

/** Each prepares `runner` and returns one step. */
const WORK = {
  'decode, 1 sequence': (runner) => decoding(runner, 1),
  [`decode, ${MAX_SEQUENCES} sequences`]: (runner) => decoding(runner, MAX_SEQUENCES),
  [`prefill, ${PREFILL_TOKENS} tokens`]: async (runner) => async () => {
    runner.release(1);
    await runner.prefill(1, prompt(PREFILL_TOKENS, 1), 'last');
  },
};

async function decoding(runner, count) {
  const ids = Array.from({ length: count }, (_, i) => i + 1);
  for (const id of ids) await runner.prefill(id, prompt(32, id), 'none');
  return () => runner.decode(ids.map((id) => ({ id, token: 1_000 + id })));
}

/** A runner as {@link DecoderRunner.open} makes it, on a session that keeps a profile. */
async function openProfiled(path, quantization, folder) {
  const { InferenceSession } = await import('onnxruntime-node');
  const { DecoderRunner } = await import('../../libs/llama-core/dist/runtime/decoder-runner.js');
  const { config, graph } = await graphOf(path, quantization);
  const session = await InferenceSession.create(graph, { executionProviders: ['cpu'], intraOpNumThreads: THREADS, interOpNumThreads: 1, graphOptimizationLevel: 'all', logSeverityLevel: 3, enableProfiling: true, profileFilePrefix: join(folder, 'profile'), extra: { session: { intra_op: { allow_spinning: '1' } } } });
  const runs = { outputNames: session.outputNames, run: (feeds, outputs) => session.run(feeds, outputs), close: async () => { session.endProfiling(); await session.release(); } };
  return new DecoderRunner(runs, config, CONTEXT, undefined);
}

async function profileOf(path, quantization, prepare, steps) {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  try {
    const runner = await openProfiled(path, quantization, folder);
    const step = await prepare(runner);
    for (let i = 0; i < WARM_UP; i += 1) await step();
    const started = performance.now();
    for (let i = 0; i < steps; i += 1) await step();
    const wallMs = (performance.now() - started) / steps;
    await runner.close();
    const [file] = readdirSync(folder);
    return { wallMs, events: JSON.parse(readFileSync(join(folder, file), 'utf8')) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Milliseconds a step by operator type, and of the whole run; events of the last `steps` runs only. */
function byOperator(events, steps) {
  const runs = events.filter(({ name }) => name === 'model_run').sort((a, b) => a.ts - b.ts).slice(-steps);
  const from = runs[0].ts;
  const operators = new Map();
  for (const { cat, name, ts, dur, args } of events)
    if (cat === 'Node' && name.endsWith('_kernel_time') && ts >= from) operators.set(args.op_name, (operators.get(args.op_name) ?? 0) + dur / 1_000 / steps);
  return { operators: [...operators].sort((a, b) => b[1] - a[1]), runMs: runs.reduce((sum, { dur }) => sum + dur, 0) / 1_000 / steps };
}

/** Rows for one file and quantization. Profiling itself costs some microseconds an operator. */
export async function profileRows(file, path, quantization, { quick }) {
  const rows = [];
  for (const [work, prepare] of Object.entries(WORK)) {
    console.log(`  profile of ${file} ${quantization}: ${work} …`);
    const steps = quick ? 3 : work.startsWith('prefill') ? 5 : 40;
    const { wallMs, events } = await profileOf(path, quantization, prepare, steps);
    const { operators, runMs } = byOperator(events, steps);
    const row = (part, ms) => ({ file, quantization, work, part, 'ms a step': rounded(ms, 2), '%': rounded((100 * ms) / wallMs, 1) });
    const inOperators = operators.reduce((sum, [, ms]) => sum + ms, 0);
    rows.push(...operators.filter(([, ms]) => ms / wallMs >= 0.005).map(([part, ms]) => row(part, ms)));
    rows.push(row('between operators', runMs - inOperators), row('binding, copies, JavaScript', wallMs - runMs), row('a step', wallMs));
  }
  return rows;
}
