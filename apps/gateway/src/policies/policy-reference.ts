import { SallyportError } from '@sallyport/contracts';

/** A policy, or one version of it. */
export interface PolicyReference {
  id: string;
  version: number | undefined;
}

const REFERENCE = /^([A-Za-z0-9][\w.-]{0,63})(?:@([1-9]\d{0,8}))?$/;
/** Words that stand where an id does in paths. */
const RESERVED: ReadonlySet<string> = new Set(['schema']);

/** Reads `id` or `id@version`. Throws `policy_not_found`. */
export function readReference(text: string): PolicyReference {
  const [, id, version] = REFERENCE.exec(text) ?? [];
  if (id === undefined) throw new SallyportError('policy_not_found', 'A policy is named by its id, or by id@version.', { param: 'policy' });
  return { id, version: version === undefined ? undefined : Number(version) };
}

/** Throws `invalid_request` unless a new policy can have the id. */
export function requireId(id: string): void {
  if (REFERENCE.test(id) && !id.includes('@') && !RESERVED.has(id)) return;
  throw new SallyportError('invalid_request', 'A policy id has 1 to 64 letters, digits, dots, hyphens or underscores, and is not "schema".', { param: 'id' });
}

/** A version in a path. Throws `policy_not_found`. */
export function readVersion(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new SallyportError('policy_not_found', 'A version is a whole number from 1.', { param: 'version' });
  return Number(text);
}

/** The tag of what judges now. */
export const etagOf = ({ id, version }: { id: string; version: number }): string => `"${id}@${version}"`;

/** Version that `If-Match` names; undefined without the header or with `*`. An ETag of anything else cannot match. */
export function expectedVersion(id: string, ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined;
  const [, name, version] = /^(?:W\/)?"(.+)@(\d+)"$/.exec(ifMatch.trim()) ?? [];
  if (name !== id) throw new SallyportError('version_conflict', 'If-Match must be the ETag of this policy, as GET gives it.', { param: 'if-match' });
  return Number(version);
}
