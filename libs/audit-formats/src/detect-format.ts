import { type AuditFormat, SallyportError } from '@sallyport/contracts';
import { badFile } from './format-error.js';

/** How the records of a file are kept. */
export type Container = 'jsonl' | 'json' | 'csv' | 'tsv' | 'parquet';

/** What is none of ours, by its first bytes. */
const FOREIGN: ReadonlyArray<[magic: string, what: string]> = [
  ['PK\u0003\u0004', 'a ZIP archive or an Excel file; export it as CSV, or unpack it'], ['%PDF', 'a PDF file'], ['BZh', 'packed by bzip2; use gzip or zstd'], ['\u00fd7zXZ', 'packed by xz; use gzip or zstd'],
  ['Obj\u0001', 'an Avro file; convert it to Parquet'], ['ORC', 'an ORC file; convert it to Parquet'], ['ARROW1', 'an Arrow file; convert it to Parquet'], ['SQLite format 3', 'a database; export the table as CSV'],
];

/** What each name means: the containers it may come in. */
const CONTAINERS: Readonly<Record<AuditFormat, readonly Container[]>> = {
  jsonl: ['jsonl'], json: ['json'], csv: ['csv'], tsv: ['tsv'], parquet: ['parquet'], sharegpt: ['jsonl', 'json', 'parquet'], openai: ['jsonl', 'json', 'parquet'],
};

const NAMES: Readonly<Record<Container, string>> = { jsonl: 'JSON lines', json: 'a JSON array', csv: 'CSV', tsv: 'TSV', parquet: 'Parquet' };

export const isParquet = (head: Buffer): boolean => head.subarray(0, 4).toString('latin1') === 'PAR1';

/** Tells from the first bytes of a text or a Parquet file how its records are kept. Throws where that is not what was named; `expected` decides only where the content leaves a doubt. */
export function containerOf(head: Buffer, named: AuditFormat | undefined, expected?: Container): Container {
  const found = detect(head);
  if (named === undefined) return found === 'csv' && expected !== undefined ? expected : (found ?? expected ?? 'jsonl');
  const allowed = CONTAINERS[named];
  if (found === undefined || allowed.includes(found)) return found ?? allowed[0]!;
  if (found === 'csv' && named === 'tsv') return 'tsv';
  throw new SallyportError('invalid_request', `'format' says ${named}, but the file looks like ${NAMES[found]}.`, { param: 'format' });
}

/** Undefined for nothing but blanks. */
function detect(head: Buffer): Container | undefined {
  if (isParquet(head)) return 'parquet';
  const latin = head.subarray(0, 16).toString('latin1');
  const foreign = FOREIGN.find(([magic]) => latin.startsWith(magic));
  if (foreign) throw badFile(`The file is ${foreign[1]}.`);
  const first = firstCharacter(head);
  if (first === '[') return 'json';
  if (first === undefined) return undefined;
  return first === '{' ? 'jsonl' : 'csv';
}

function firstCharacter(head: Buffer): string | undefined {
  const at = head.findIndex((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d);
  return at === -1 ? undefined : String.fromCharCode(head[at]!);
}
