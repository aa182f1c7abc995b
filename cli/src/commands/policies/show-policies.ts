import type { PolicyDocument, PolicyState } from '@sallyport/contracts';
import { diffDocuments, formatYaml, inOrder, type PolicyDifference } from '@sallyport/policy';
import { EXIT } from '../../exit-codes.js';
import { readPolicyFile } from './policy-file.js';
import { GatewayConnection, type ServerFlags } from '../../gateway-connection.js';

interface Listing {
  data: Array<{ id: string; active: number; shadow?: number; versions: number[] }>;
  next?: string;
}

interface VersionRow {
  version: number;
  state: PolicyState;
  author: string | null;
  note: string | null;
  created_at: number;
}

/** `sallyport policies list [id]`: every policy, or every version of one. */
export async function listPolicies(id: string | undefined, flags: ServerFlags & { json?: boolean }): Promise<void> {
  const server = new GatewayConnection(flags);
  const rows = id === undefined ? await allPolicies(server) : (await server.get<{ data: VersionRow[] }>(`policies/${encodeURIComponent(id)}/versions?limit=500`)).data;
  if (flags.json) console.log(JSON.stringify(rows, null, 2));
  else for (const row of rows) console.log('state' in row ? versionLine(row) : `${row.id}\tactive ${row.active}${row.shadow === undefined ? '' : `\tshadow ${row.shadow}`}\t${row.versions.length} versions`);
}

async function allPolicies(server: GatewayConnection): Promise<Listing['data']> {
  const all: Listing['data'] = [];
  for (let after: string | undefined; ; ) {
    const page: Listing = await server.get<Listing>(`policies?limit=500${after === undefined ? '' : `&after=${encodeURIComponent(after)}`}`);
    all.push(...page.data);
    if (page.next === undefined) return all;
    after = page.next;
  }
}

const versionLine = ({ version, state, author, note, created_at }: VersionRow): string => [version, state, new Date(created_at * 1_000).toISOString(), author ?? '-', note ?? ''].join('\t');

/** `sallyport policies get <id>`: the document alone, so that it can be kept as a file and applied again. */
export async function getPolicy(id: string, flags: ServerFlags & { version?: string; json?: boolean }): Promise<void> {
  const document = await fetchDocument(new GatewayConnection(flags), id, flags.version);
  process.stdout.write(flags.json ? `${JSON.stringify(document, null, 2)}\n` : formatYaml(inOrder(document)));
}

/** The document of a version, of the active one when none is named. */
export function fetchDocument(server: GatewayConnection, id: string, version?: string): Promise<PolicyDocument> {
  return server.get<PolicyDocument>(`policies/${encodeURIComponent(id)}/export${version === undefined ? '' : `?version=${encodeURIComponent(version)}`}`);
}

/** `sallyport policies diff <id> <other>`: what differs between the active version and a file, or between two versions. Exit code 4 when something does. */
export async function diffPolicies(id: string, other: string, flags: ServerFlags & { from?: string }): Promise<void> {
  const server = new GatewayConnection(flags);
  const to = /^\d+$/.test(other) ? await fetchDocument(server, id, other) : await readPolicyFile(other);
  const changes = diffDocuments(await fetchDocument(server, id, flags.from), to);
  for (const change of changes) console.log(changeLine(change));
  if (changes.length > 0) process.exitCode = EXIT.different;
}

/** One change for people. */
export const changeLine = (change: PolicyDifference): string => `${change.path}: ${'from' in change ? JSON.stringify(change.from) : '(none)'} -> ${'to' in change ? JSON.stringify(change.to) : '(none)'}`;
