// An engine in a process of its own, held to its cores, that answers one request at a time: { variant, texts, calls } → { ms, scores }.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** Threads set to one are not yet one core: Node and Python have threads of their own. */
const canPin = process.platform === 'linux' && spawnSync('taskset', ['-V']).status === 0;

/** The first `count` cores that this process may use, as `taskset -c` wants them. */
function coresOf(count) {
  const [, list] = /Cpus_allowed_list:\s*(\S+)/.exec(readFileSync('/proc/self/status', 'utf8'));
  const all = list.split(',').flatMap((range) => {
    const [from, to = from] = range.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, next) => from + next);
  });
  return all.slice(0, count).join(',');
}

const pinned = (command, threads) => (canPin ? ['taskset', '-c', coresOf(threads), ...command] : command);

/** `command` prints one JSON object when it is ready, then one per request; other lines are passed over. */
export async function openEngine(command, threads) {
  const [program, ...args] = pinned(command, threads);
  const env = { ...process.env, OMP_NUM_THREADS: String(threads), RAYON_NUM_THREADS: String(threads), TOKENIZERS_PARALLELISM: 'false' };
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    for (let line = await lines.next(); !line.done; line = await lines.next()) if (line.value.startsWith('{')) return JSON.parse(line.value);
    throw new Error(`An engine ended before it answered: ${command.join(' ')}`);
  };
  return {
    ...(await answer()),
    ask: (request) => {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return answer();
    },
    close: async () => {
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
    },
  };
}
