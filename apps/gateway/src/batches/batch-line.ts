import { type BatchEndpoint, type BatchError, SallyportError } from '@sallyport/contracts';
import { refuseUnsafe } from '../http/json-body.js';

/** One request of a batch. */
export interface BatchLine {
  custom_id: string;
  body: Record<string, unknown>;
}

/** What is wrong with a line; the caller adds its number. */
export type LineFault = Omit<BatchError, 'line'>;

const MAX_ID = 512;

const fault = (code: string, message: string, param: string | null = null): LineFault => ({ code, message, param });

/** Checks a line of an input file and gives it as text with its id. What is in `body` is checked when the request runs, as online. */
export function checkLine(bytes: Uint8Array | undefined, endpoint: BatchEndpoint): { text: string; customId: string } | { fault: LineFault } {
  if (bytes === undefined) return { fault: fault('invalid_request', 'The line is longer than the body of a request may be.') };
  const text = decode(bytes);
  if (text === undefined) return { fault: fault('invalid_json_line', 'The line is not UTF-8.') };
  const row = parse(text);
  if (row === undefined) return { fault: fault('invalid_json_line', 'The line is not a JSON object.') };
  const found = faultOf(row, endpoint);
  return found ? { fault: found } : { text, customId: row.custom_id as string };
}

/** Reads a line that was checked before. */
export function readLine(text: string): BatchLine {
  return JSON.parse(text) as BatchLine;
}

function faultOf(row: Record<string, unknown>, endpoint: BatchEndpoint): LineFault | undefined {
  const { custom_id: id, method, url, body } = row;
  if (typeof id !== 'string' || id === '' || id.length > MAX_ID) return fault('missing_required_parameter', `'custom_id' must be a string of 1 to ${MAX_ID} characters.`, 'custom_id');
  if (method !== 'POST') return fault('invalid_method', "'method' must be 'POST'.", 'method');
  if (url !== endpoint) return fault('mismatched_url', "'url' must be the endpoint of the batch.", 'url');
  if (!isObject(body)) return fault('missing_required_parameter', "'body' must be a JSON object.", 'body');
  if (body.stream === true) return fault('stream_not_allowed', 'A request of a batch cannot be streamed.', 'body.stream');
  return undefined;
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    refuseUnsafe(value, 0);
    return isObject(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof SallyportError) return undefined;
    throw error;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
