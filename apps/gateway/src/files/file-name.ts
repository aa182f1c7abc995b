import { SallyportError } from '@sallyport/contracts';

const MAX_LENGTH = 255;
// biome-ignore lint/suspicious/noControlCharactersInRegex: a name with control characters is refused
const CONTROL = /[\u0000-\u001f\u007f]/;

/** The last part of an uploaded file's name. Throws `invalid_request` for a name that leads out of a folder, and for one that is no name. */
export function readFileName(given: string | undefined): string {
  const parts = (given ?? '').split(/[/\\]/);
  const name = parts.at(-1) ?? '';
  if (parts.includes('..') || parts.length > 1 && (parts[0] === '' || /^[A-Za-z]:$/.test(parts[0] ?? ''))) throw refusal('must not lead out of its folder');
  if (name === '' || name === '.' || name.length > MAX_LENGTH || CONTROL.test(name)) throw refusal(`must have 1 to ${MAX_LENGTH} characters, none of them a control character`);
  return name;
}

function refusal(rule: string): SallyportError {
  return new SallyportError('invalid_request', `The name of the file ${rule}.`, { param: 'file' });
}
