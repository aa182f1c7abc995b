import { LlamaCoreError } from '../../errors.js';

/** What a status means for the caller; of the body only the name of the field at fault is kept. */
export async function refused(response: Response): Promise<LlamaCoreError> {
  const { status } = response;
  const body = (await response.json().catch(() => undefined)) as { error?: { param?: unknown; code?: unknown } } | undefined;
  const { param: given, code } = body?.error ?? {};
  const param = typeof given === 'string' && /^[\w.-]{1,80}$/.test(given) ? { param: given } : {};
  if (status === 429) return new LlamaCoreError('rate_limited', 'The server is limiting its rate.', { retryAfterS: Number(response.headers.get('retry-after')) || 2 });
  if (status === 404) return new LlamaCoreError('model_not_found', 'The server does not have this model or route.', { param: 'model' });
  if (code === 'context_length_exceeded') return new LlamaCoreError('context_length_exceeded', 'The server has no room for a prompt of this length.', param);
  if (status === 400 || status === 422) return new LlamaCoreError('invalid_request', `The server refused the request (${status}).`, param);
  if (status === 503) return new LlamaCoreError('remote_unreachable', 'The server is not available.', { retryAfterS: 2 });
  return new LlamaCoreError('remote_error', `The server answered ${status}.`);
}
