// A classifier without a model, for chaos and load alone: its scores follow from the text, so that two runs can be compared; what a call costs is set.
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

const LABELS = { guard: ['harm', ...Array.from({ length: 14 }, (_, at) => `S${at + 1}`)], 'prompt-guard': ['attack', 'injection', 'jailbreak', 'indirect'] };
const SEVENTH = 36;

/** Every seventh text is far over every threshold, the others are far below. */
function scoresOf(screen, text) {
  const byte = createHash('sha1').update(screen).update(text).digest()[0];
  return Object.fromEntries(LABELS[screen].map((label, at) => [label, byte < SEVENTH && at < 2 ? 0.9 + byte / 1_000 : byte / 10_000]));
}

const scored = (screen, { id, direction, text }) => ({
  subject: id, direction, screen, model: `stub-${screen}@1`, status: 'scored', scores: scoresOf(screen, text),
  coverage: { tokens: 8, tokensScreened: 8, windows: 1 }, queueMs: 0, inferenceMs: 0,
});
const failed = (screen, { id, direction }) => ({ ...scored(screen, { id, direction, text: '' }), status: 'indeterminate', reason: 'error', scores: {} });

/** A Screen as libs/screening knows it. A text with `CHAOS-KILL` ends its process, one with `CHAOS-FAIL` gets no verdict. One call at a time, as a model works. */
export function stubScreen(screen, { msPerCall = 0, msPerText = 0 } = {}) {
  let busy = Promise.resolve();
  return {
    describe: () => ({ id: `stub-${screen}@1`, screen, labels: LABELS[screen], maxTokens: 512, sha256: 'stub' }),
    async screen({ subjects }) {
      if (subjects.some(({ text }) => text.includes('CHAOS-KILL'))) process.kill(process.pid, 'SIGKILL');
      const ms = msPerCall + msPerText * subjects.length;
      if (ms > 0) busy = busy.then(() => sleep(ms));
      await busy;
      return { results: subjects.map((subject) => (subject.text.includes('CHAOS-FAIL') ? failed(screen, subject) : scored(screen, subject))) };
    },
    close: async () => undefined,
  };
}

/** The costs that a process is told: STUB_MS_PER_CALL and STUB_MS_PER_TEXT. */
export const costs = (env = process.env) => ({ msPerCall: Number(env.STUB_MS_PER_CALL ?? 0), msPerText: Number(env.STUB_MS_PER_TEXT ?? 0) });
