import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { type PolicyDocument, SallyportError } from '@sallyport/contracts';
import { parsePolicyDocument, parseYaml } from '@sallyport/policy';
import { CliError } from '../../cli-error.js';
import { EXIT } from '../../exit-codes.js';

/** Reads and checks a policy file, YAML or JSON; a mistake is said with its field before anything is sent. */
export async function readPolicyFile(file: string): Promise<PolicyDocument> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => { throw new CliError(`${file} cannot be read.`, cause, EXIT.invalid); });
  try {
    return parsePolicyDocument(parseYaml(text));
  } catch (error) {
    throw new CliError(`${file}: ${error instanceof SallyportError ? error.message : String(error)}`, error, EXIT.invalid);
  }
}

/** The id that a file stands for: its name without what follows the first dot. */
export function policyIdOf(file: string): string {
  return basename(file).split('.', 1)[0] ?? '';
}

/** Reads a file of JSON lines. */
export async function readRows(file: string): Promise<unknown[]> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => { throw new CliError(`${file} cannot be read.`, cause, EXIT.invalid); });
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    try {
      return [JSON.parse(line) as unknown];
    } catch (cause) {
      throw new CliError(`${file}: line ${index + 1} is not valid JSON.`, cause, EXIT.invalid);
    }
  });
}
