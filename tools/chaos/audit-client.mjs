// Audits over HTTP, by a client that waits for a server that is being restarted.
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** Lines that differ, every one a text of some words. */
export const lineOf = (at, mark = '') => JSON.stringify({ id: `row-${at}`, text: `Line ${at} says that the river runs to the sea${mark}` });

function* pieces(lines) {
  let piece = '';
  for (const line of lines) {
    piece += `${line}\n`;
    if (piece.length < 65_536) continue;
    yield Buffer.from(piece);
    piece = '';
  }
  yield Buffer.from(piece);
}

/** A loaded machine takes minutes to start a server again. */
const MOST_TRIES = 3_000;

async function patiently(call) {
  for (let tries = 0; ; tries += 1) {
    try {
      const response = await call();
      if (response.status < 500) return response;
      if (tries > MOST_TRIES) throw new Error(`status ${response.status}: ${await response.text()}`);
    } catch (error) {
      if (tries > MOST_TRIES) throw error;
    }
    await sleep(200);
  }
}

const auth = (key) => (key === undefined ? {} : { authorization: `Bearer ${key}` });

/** Sends lines, an array or whatever else can be iterated; a million of them are never in memory at once. */
export async function upload(url, lines, { key } = {}) {
  const body = Readable.toWeb(Readable.from(pieces(lines)));
  const response = await fetch(`${url}/v1/audits`, { method: 'POST', headers: { 'content-type': 'application/x-ndjson', ...auth(key) }, body, duplex: 'half' });
  if (response.status !== 202) throw new Error(`the upload gave ${response.status}: ${await response.text()}`);
  return (await response.json()).id;
}

export const progress = async (url, id, { key } = {}) => (await patiently(() => fetch(`${url}/v1/audits/${id}`, { signal: AbortSignal.timeout(10_000), headers: auth(key) }))).json();

/** Waits for the end. */
export async function ended(url, id, { timeoutMs = 1_800_000, key, onProgress = () => undefined } = {}) {
  for (const deadline = Date.now() + timeoutMs; ; await sleep(500)) {
    const now = await progress(url, id, { key });
    onProgress(now);
    if (['completed', 'failed', 'cancelled'].includes(now.status)) return now;
    if (Date.now() > deadline) throw new Error(`the audit did not end: ${JSON.stringify(now)}`);
  }
}

export async function results(url, id) {
  const text = await (await patiently(() => fetch(`${url}/v1/audits/${id}/results`))).text();
  return text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

/** What differs from an undisturbed run: lines that are missing, there twice, out of order or otherwise judged. */
export function differences(expected, found) {
  const wrong = found.filter((row, at) => JSON.stringify(row) !== JSON.stringify(expected[at])).length;
  return { lines: expected.length, found: found.length, distinct: new Set(found.map(({ line }) => line)).size, wrong };
}
