import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { all, inPieces, jsonFixture } from '../read-audit.fixture.js';
import { csvRecords } from './csv-records.js';
import { jsonArray } from './json-array.js';

describe('CSV', () => {
  it.each(jsonFixture<Array<{ csv: string; rows: Array<{ line: number; fields: Record<string, string> }> }>>('csv-cases.json').map((one, at) => ({ ...one, name: at + 1 })))('file $name gives the rows and line numbers that Python\'s csv module reads, wherever it is cut', async ({ csv, rows }) => {
    for (const size of [1, 7, 10_000]) {
      const { records } = await csvRecords(inPieces(csv, size), 1_000_000);
      expect((await all(records)).map((record) => ('fields' in record ? { line: record.line, fields: { ...record.fields } } : record))).toEqual(rows);
    }
  });
});

/** Whether a key at any depth is one that a JavaScript object cannot hold as data; such a line is refused. */
function namesPrototype(value: unknown): boolean {
  return typeof value === 'object' && value !== null && (Object.hasOwn(value, '__proto__') || Object.values(value).some(namesPrototype));
}

describe('a JSON array', () => {
  it('gives what JSON.parse gives, wherever it is cut', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }))), fc.integer({ min: 1, max: 50 }), async (elements, size) => {
      const text = JSON.stringify(elements, null, size % 3);
      const records = await all(jsonArray(inPieces(text, size), 1_000_000).records);
      const expected = (JSON.parse(text) as object[]).map((fields, at) => (namesPrototype(fields) ? undefined : { line: at + 1, fields }));
      expect(records.map((record) => ('fields' in record ? record : undefined))).toEqual(expected);
    }), { numRuns: 60, examples: [[[{ '': { '': '__proto__' } }], 1], [JSON.parse('[{"a":[{"__proto__":1}]}]'), 3]] });
  });
});
