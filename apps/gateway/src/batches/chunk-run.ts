import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import type { BatchChunkOutcome } from '@sallyport/storage';
import { readLine } from './batch-line.js';
import type { Answered, BatchRequests, RequestContext } from './batch-requests.js';

/** A chunk under way. */
export interface ChunkRunParts {
  lines: readonly string[];
  context: RequestContext;
  requests: BatchRequests;
  /** Whether no more lines are to be begun. */
  ending: () => Promise<boolean>;
  linesAtOnce: number;
  attempts: number;
  backoffMs: number;
}

/** Answers the lines of a chunk, some at a time. Lines whose service is not there are tried again alone, after a pause. Throws only when the signal aborts. */
export async function runChunk(parts: ChunkRunParts): Promise<BatchChunkOutcome> {
  const answers = new Map<string, Answered>();
  let open = parts.lines;
  for (let attempt = 1; open.length > 0; attempt += 1) {
    await answerSome(open, answers, parts);
    open = open.filter((line) => answers.get(line)?.again);
    if (open.length === 0 || attempt === parts.attempts || (await parts.ending())) break;
    await sleep(parts.backoffMs * 2 ** (attempt - 1), undefined, { signal: parts.context.signal });
  }
  return outcomeOf(parts.lines, answers);
}

/** As many lines side by side as the settings say. */
async function answerSome(lines: readonly string[], answers: Map<string, Answered>, { context, requests, ending, linesAtOnce }: ChunkRunParts): Promise<void> {
  const waiting = [...lines];
  const work = async () => {
    for (let line = waiting.shift(); line !== undefined; line = waiting.shift()) {
      if (await ending()) return;
      answers.set(line, await requests.answer(readLine(line), context));
      // Remembered verdicts and an in-process database answer without any wait: online requests must get their turn all the same.
      await turn();
    }
  };
  await Promise.all(Array.from({ length: Math.min(linesAtOnce, lines.length) }, work));
}

/** In the order of the lines. */
function outcomeOf(lines: readonly string[], answers: ReadonlyMap<string, Answered>): BatchChunkOutcome {
  const known = lines.flatMap((line) => answers.get(line) ?? []);
  const written = (ok: boolean) => known.filter((one) => one.ok === ok).map(({ result }) => JSON.stringify(result));
  return { output: written(true), failures: written(false), unanswered: lines.filter((line) => !answers.has(line)).map((line) => readLine(line).custom_id) };
}
