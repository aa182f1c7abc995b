import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LlamaCoreError } from '../errors.js';

export interface DownloadOptions {
  url: string;
  target: string;
  headers?: Record<string, string>;
  /** Expected hash (hex); absent: not checked. */
  sha256?: string;
  onProgress?: (receivedBytes: number, totalBytes: number | undefined) => void;
  signal?: AbortSignal;
}

/** A server that says nothing for so long counts as unreachable. */
const SILENCE_MS = 30_000;

/**
 * Downloads to `<target>.part`, resumes what an earlier try left there, checks the hash, then renames.
 * @throws LlamaCoreError `hub_unreachable`, `hub_unauthorized`, `hub_not_found`, `checksum_mismatch`.
 */
export async function download(options: DownloadOptions): Promise<void> {
  const part = `${options.target}.part`;
  await mkdir(dirname(part), { recursive: true });
  await fetchInto(part, options);
  if (options.sha256 !== undefined) await verify(part, options.sha256);
  await rename(part, options.target);
}

/** @throws LlamaCoreError `checksum_mismatch`; the file is removed then, so that the next try starts anew. */
export async function verify(file: string, sha256: string): Promise<void> {
  const actual = await sha256Of(file);
  if (actual === sha256) return;
  await rm(file, { force: true });
  throw new LlamaCoreError('checksum_mismatch', `The file has sha256 ${actual}, expected ${sha256}; it was removed.`, { param: file });
}

export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

async function fetchInto(part: string, options: DownloadOptions): Promise<void> {
  const have = (await stat(part).catch(() => undefined))?.size ?? 0;
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  const signal = options.signal ? AbortSignal.any([options.signal, silence.signal]) : silence.signal;
  const beat = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), SILENCE_MS);
  };
  try {
    const response = await fetch(options.url, { signal, headers: { ...options.headers, ...(have > 0 ? { range: `bytes=${have}-` } : {}) } });
    // 416: the whole file is there already; the hash decides whether it is the right one.
    if (response.status === 416 && have > 0) return;
    refuseStatus(response, options.url);
    await writeBody(part, response, { have: response.status === 206 ? have : 0, beat, ...(options.onProgress ? { onProgress: options.onProgress } : {}) });
  } catch (cause) {
    if (options.signal?.aborted) throw new LlamaCoreError('cancelled', 'The download was cancelled; what is there is kept for the next try.');
    if (cause instanceof LlamaCoreError) throw cause;
    throw new LlamaCoreError('hub_unreachable', `${new URL(options.url).host} cannot be reached or broke off.`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

async function writeBody(part: string, response: Response, o: { have: number; beat: () => void; onProgress?: (received: number, total: number | undefined) => void }): Promise<void> {
  const length = Number(response.headers.get('content-length') ?? Number.NaN);
  const total = Number.isFinite(length) ? o.have + length : undefined;
  const file = await open(part, o.have > 0 ? 'r+' : 'w');
  try {
    let received = o.have;
    for await (const chunk of response.body ?? []) {
      await file.write(chunk, 0, chunk.length, received);
      received += chunk.length;
      o.beat();
      o.onProgress?.(received, total);
    }
    if (total !== undefined && received !== total) throw new LlamaCoreError('hub_unreachable', `The download broke off after ${received} of ${total} bytes; run the command again to resume it.`);
  } finally {
    await file.close();
  }
}

function refuseStatus(response: Response, url: string): void {
  if (response.ok) return;
  const where = new URL(url).host;
  if (response.status === 401 || response.status === 403)
    throw new LlamaCoreError('hub_unauthorized', `${where} refused access (${response.status}). Accept the model's licence on its page and set HF_TOKEN to a token that may read it.`);
  if (response.status === 404) throw new LlamaCoreError('hub_not_found', `${where} has no such model or file.`);
  throw new LlamaCoreError('hub_unreachable', `${where} answered ${response.status}.`);
}
