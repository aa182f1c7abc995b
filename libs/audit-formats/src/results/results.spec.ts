import type { AuditResult } from '@sallyport/contracts';
import { parse } from 'csv-parse/sync';
import { parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { all } from '../read-audit.fixture.js';
import { csvResults } from './csv-results.js';
import { parquetResults } from './parquet-results.js';

const scored = (line: number): AuditResult => ({
  line, id: `=HYPERLINK("x";"${line}")`, timestamp: '2026-01-02T03:04:05.678Z', source: '@app, "one"', decision: line % 2 ? 'allow' : 'block', harm: line / 100_000, attack: 0.25, attack_kind: null,
  categories: { S1: 0.5, S10: 0.125, 'custom:x': 1 }, policy: 'default@1', models: ['a', 'b'], coverage: { tokens: 1, tokens_screened: 1, windows: 1, unscreened: ['messages.0'] },
});
const failed = (line: number): AuditResult => ({ line, error: { code: 'invalid_json', message: 'The line is\nnot valid.' } });
async function* results(count: number): AsyncGenerator<AuditResult> {
  for (let line = 1; line <= count; line += 1) yield line % 7 === 0 ? failed(line) : scored(line);
}

describe('results as a table', () => {
  it('are CSV with a column per category, in which no cell is a formula', async () => {
    const rows = parse((await all(csvResults(results(20), ['S1', 'S10']))).join(''), { columns: true, record_delimiter: ['\r\n', '\n', '\r'] }) as Array<Record<string, string>>;
    expect(rows.map(({ line }) => line)).toEqual(Array.from({ length: 20 }, (_, at) => String(at + 1)));
    expect(rows[1]).toMatchObject({ id: `'=HYPERLINK("x";"2")`, source: `'@app, "one"`, timestamp: '2026-01-02T03:04:05.678Z', decision: 'block', harm: '0.00002', attack_kind: '', category_S1: '0.5', category_S10: '0.125', other_categories: '{"custom:x":1}', models: 'a;b', unscreened: 'messages.0', error_code: '' });
    expect(rows[6]).toMatchObject({ line: '7', decision: '', harm: '', error_code: 'invalid_json', error_message: 'The line is\nnot valid.' });
    for (const row of rows) for (const cell of Object.values(row)) expect(cell).not.toMatch(/^[=+@\t\r]/);
  });

  it('are Parquet that another reader reads, over several row groups', async () => {
    const bytes = Buffer.concat(await all(parquetResults(results(25_000), ['S1', 'S10'])));
    const file = { byteLength: bytes.length, slice: (start: number, end?: number) => new Uint8Array(bytes.subarray(start, end)).slice().buffer };
    const rows = await parquetReadObjects({ file });
    expect(rows.map(({ line }) => line as number)).toEqual(Array.from({ length: 25_000 }, (_, at) => at + 1));
    expect(rows[24_999]).toMatchObject({ line: 25_000, id: '=HYPERLINK("x";"25000")', harm: 0.25, timestamp: new Date('2026-01-02T03:04:05.678Z'), category_S10: 0.125, error_code: null, duplicate_of: null });
    expect(rows[6]).toMatchObject({ line: 7, decision: null, harm: null, error_code: 'invalid_json' });
  });

  it('of no line at all are a table without rows', async () => {
    expect((await all(csvResults(results(0), []))).join('')).toMatch(/^line,id,.*\r\n$/);
    const bytes = Buffer.concat(await all(parquetResults(results(0), [])));
    expect(await parquetReadObjects({ file: { byteLength: bytes.length, slice: (start: number, end?: number) => new Uint8Array(bytes.subarray(start, end)).slice().buffer } })).toEqual([]);
  });
});
