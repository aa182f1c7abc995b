import type { Readable } from 'node:stream';
import type { Container } from '@sallyport/audit-formats';
import { type AuditOptions, SallyportError } from '@sallyport/contracts';
import type { FastifyRequest } from 'fastify';
import { readFileName } from '../../files/file-name.js';
import type { GatewaySettings } from '../../gateway-options.js';
import { limited } from '../../http/limited-bytes.js';
import { openAuditPath } from './audit-folder.js';
import { readAuditBody, readAuditOptions, readAuditQuery } from './audit-options.js';
import { openS3Object } from './s3-object.js';

/** What an audit is made from: its bytes, and what was said of them. */
export interface AuditInput {
  bytes: AsyncIterable<Buffer>;
  options: AuditOptions;
  /** How the records are kept where the content leaves it open. */
  expected?: Container;
  /** To be awaited when the bytes were read to their end; throws for what followed them and should not have. */
  finish(): Promise<void>;
}

/** Media types that say how records are kept. */
const EXPECTED: Readonly<Record<string, Container>> = { 'application/x-ndjson': 'jsonl', 'application/jsonl': 'jsonl', 'text/tab-separated-values': 'tsv' };
/** Names as they were sent: what leads out of a folder is refused, not repaired. The typed options do not know the charset. */
const FORM = { preservePath: true, defParamCharset: 'utf8' };

/** Opens what a request brings: the body itself, the `file` of a form, or a place named in JSON. Options in the query give way to those in the body. */
export async function openAuditInput(request: FastifyRequest, settings: GatewaySettings): Promise<AuditInput> {
  const query = readAuditQuery(request.query as Record<string, unknown>);
  const input = await openBody(request, settings);
  return { ...input, options: { ...query, ...input.options } };
}

function openBody(request: FastifyRequest, settings: GatewaySettings): Promise<AuditInput> {
  if (request.isMultipart()) return openForm(request, settings);
  return mediaType(request) === 'application/json' ? openPlace(request.body, settings) : Promise.resolve(openRaw(request, settings));
}

function openRaw(request: FastifyRequest, { auditLimitBytes }: GatewaySettings): AuditInput {
  const expected = EXPECTED[mediaType(request)];
  return { bytes: limited(unbroken(request.raw), auditLimitBytes), options: {}, ...(expected ? { expected } : {}), finish };
}

async function openPlace(body: unknown, { audit, auditLimitBytes }: GatewaySettings): Promise<AuditInput> {
  const { options, place } = readAuditBody(body);
  const bytes = place.path === undefined ? await openS3Object(place.s3 ?? '', audit.s3) : await openAuditPath(audit.folder, place.path);
  return { bytes: limited(bytes, auditLimitBytes), options, finish };
}

/** `options` must come before `file`, because the file is not stored first. */
async function openForm(request: FastifyRequest, { auditLimitBytes }: GatewaySettings): Promise<AuditInput> {
  let options: AuditOptions = {};
  // Not a for-await loop: leaving one would end the parser before the file is read.
  const parts = request.parts(FORM)[Symbol.asyncIterator]();
  for (let next = await parts.next(); !next.done; next = await parts.next()) {
    const part = next.value;
    if (part.type === 'file') return { bytes: limited(unbroken(named(part).file), auditLimitBytes), options, finish: () => refuseMore(parts) };
    if (part.fieldname !== 'options') throw unknownPart();
    options = readAuditOptions(parseOptions(part.value));
  }
  throw new SallyportError('invalid_request', 'The multipart body must have a part named "file".', { param: 'file' });
}

function named<Part extends { fieldname: string; filename: string }>(part: Part): Part {
  if (part.fieldname !== 'file') throw unknownPart();
  readFileName(part.filename);
  return part;
}

async function refuseMore(parts: AsyncIterator<{ fieldname: string }>): Promise<void> {
  const next = await parts.next();
  if (next.done) return;
  if (next.value.fieldname === 'options') throw new SallyportError('invalid_request', "The part 'options' must come before 'file'.", { param: 'options' });
  throw unknownPart();
}

function parseOptions(value: unknown): unknown {
  try {
    return JSON.parse(String(value)) as unknown;
  } catch {
    throw new SallyportError('invalid_json', "The 'options' part is not valid JSON.", { param: 'options' });
  }
}

const unknownPart = () => new SallyportError('unknown_parameter', 'The multipart body may have the parts "options" and "file", and no others.');

/** Whoever stops reading leaves the stream open: the rest has to be taken in before an answer is read. */
const unbroken = (stream: Readable): AsyncIterable<Buffer> => stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;

const mediaType = (request: FastifyRequest): string => (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';

async function finish(): Promise<void> {}
