import type { PolicyDocument } from '@sallyport/contracts';
import { diffDocuments } from '@sallyport/policy';
import { CliError } from '../../cli-error.js';
import { EXIT } from '../../exit-codes.js';
import { policyIdOf, readPolicyFile } from './policy-file.js';
import { GatewayConnection, type ServerFlags } from '../../gateway-connection.js';
import { changeLine } from './show-policies.js';

export interface ApplyFlags extends ServerFlags {
  id?: string;
  note?: string;
  author?: string;
  activate?: boolean;
  check?: boolean;
}

interface Applied {
  version: number;
  created: boolean;
  activated: boolean;
}

/**
 * `sallyport policies apply <file…>`: makes the server hold what the files say. A file whose policy is there already changes nothing, so the command can be
 * repeated; every file is checked before the first one is sent. With `--check` it only says what it would do (exit code 4 when that is something).
 */
export async function applyPolicies(files: string[], flags: ApplyFlags): Promise<void> {
  if (flags.id !== undefined && files.length > 1) throw new CliError('--id names one policy; give one file with it.', undefined, EXIT.invalid);
  const wanted: Array<[string, PolicyDocument]> = [];
  for (const file of files) wanted.push([flags.id ?? policyIdOf(file), await readPolicyFile(file)]);
  const server = new GatewayConnection(flags);
  for (const [id, document] of wanted) await (flags.check ? check(server, id, document) : apply(server, id, document, flags));
}

async function apply(server: GatewayConnection, id: string, document: PolicyDocument, { note, author, activate = false }: ApplyFlags): Promise<void> {
  const query = new URLSearchParams({ activate: String(activate), ...(note === undefined ? {} : { note }), ...(author === undefined ? {} : { author }) });
  const { version, created, activated } = await server.post<Applied>(`policies/${encodeURIComponent(id)}/import?${query}`, document);
  console.log(`${id}@${version} ${created ? 'created' : 'unchanged'}${activated ? ', active now' : ''}`);
}

async function check(server: GatewayConnection, id: string, document: PolicyDocument): Promise<void> {
  const current = await newestDocument(server, id);
  const changes = current === undefined ? undefined : diffDocuments(current, document);
  if (changes?.length === 0) return console.log(`${id}: unchanged`);
  process.exitCode = EXIT.different;
  console.log(changes === undefined ? `${id}: would be created` : `${id}: would get a new version`);
  for (const change of changes ?? []) console.log(`  ${changeLine(change)}`);
}

/** The newest version's document, active or not, because that is what `apply` compares with. */
async function newestDocument(server: GatewayConnection, id: string): Promise<PolicyDocument | undefined> {
  try {
    const { data } = await server.get<{ data: Array<{ version: number }> }>(`policies/${encodeURIComponent(id)}/versions?limit=1`);
    return await server.get<PolicyDocument>(`policies/${encodeURIComponent(id)}/export?version=${data[0]!.version}`);
  } catch (error) {
    if (error instanceof CliError && error.exitCode === EXIT.notFound) return undefined;
    throw error;
  }
}

/** `sallyport policies activate <id> <version>`: does nothing when the version is active already. */
export async function activatePolicy(id: string, version: string, flags: ServerFlags & { note?: string; expect?: string }): Promise<void> {
  if (!/^[1-9]\d{0,8}$/.test(version)) throw new CliError('The version is a whole number from 1.', undefined, EXIT.invalid);
  const server = new GatewayConnection(flags);
  const path = `policies/${encodeURIComponent(id)}`;
  const { answer, etag } = await server.getTagged<{ active: number }>(path);
  if (flags.expect !== undefined && String(answer.active) !== flags.expect) throw new CliError(`Expected version ${flags.expect} of ${id} to be active, but version ${answer.active} is.`, undefined, EXIT.conflict);
  if (answer.active === Number(version)) return console.log(`${id}@${version} unchanged`);
  await server.post(`${path}/activate`, { version: Number(version), ...(flags.note === undefined ? {} : { note: flags.note }) }, etag);
  console.log(`${id}@${version} active now (before: ${answer.active})`);
}
