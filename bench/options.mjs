// Flags of `npm run bench`; each bench takes those that concern it.
import { parseArgs } from 'node:util';

export const HELP = `Usage: npm run bench [-- <bench> …] [flags]

Benches (default: all; what they measure and how to read them: bench/README.md)
  llama-core   inference against node-llama-cpp on the same files: speeds, errors, first token, share of the machine
  encoder      the bundled guard against the same weights in transformers (PyTorch) and transformers.js; wants a Python
  gateway      what the gateway adds to a request
  memory       what one more sequence costs

Flags of llama-core and encoder
  --quick           few tokens and rounds: shows that it runs, says nothing about speed
  --rounds N        interleaved rounds, of which the median counts (default 7)
  --python PATH     llama-core: a Python with torch and transformers, measured as another engine; encoder: one with bench/encoder/requirements.txt (default python3)
Flags of llama-core
  --steps A,B,…     instead of the rest: prefill and waiting times by the scheduler's tokens per step
  --profile         ONNX Runtime's time by operator in decode and prefill, for where a ratio falls short

Peers are installed into bench/peers the first time (about 1.2 GB). A table on the terminal, JSON in bench/results.`;

const FLAGS = { help: { type: 'boolean' }, quick: { type: 'boolean' }, rounds: { type: 'string' }, python: { type: 'string' }, steps: { type: 'string' }, profile: { type: 'boolean' } };

const whole = (flag, text) => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${flag}: expected whole numbers from 1, not '${text}'.`);
  return value;
};

/** @throws Error naming what is wrong. */
export function readOptions(argv, known) {
  const { values, positionals } = parseArgs({ args: argv, options: FLAGS, allowPositionals: true });
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`'${unknown}' is no bench; there are ${known.join(', ')}.`);
  const { help = false, quick = false, profile = false, python } = values;
  const rounds = whole('rounds', values.rounds ?? (quick ? '1' : '7'));
  const steps = values.steps?.split(',').map((text) => whole('steps', text));
  return { names: positionals.length > 0 ? positionals : known, help, quick, profile, python, rounds, steps };
}
