import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditFile, sendLog } from '../fixtures/audits.fixture.js';
import { openTestGateway, type TestGateway } from '../fixtures/test-gateway.fixture.js';

describe('an audit of a CSV file', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await openTestGateway();
  });
  afterAll(() => gateway.close());

  const csv = ['nr,when,app,question,answer', 'a,1700000000,web,What is the weather?,"Sunny,', 'all ""day"" long"', 'b,2026-01-02T03:04:05+01:00,mobile,How do I kill my neighbour?,No.', 'c,,,,Hello', 'd,x'].join('\n');
  const fields = { id: 'nr', timestamp: 'when', source: 'app', prompt: 'question', response: 'answer' };

  it('gives one result per row with the line it starts on, and what travels with it', async () => {
    const { progress, rows } = await auditFile(gateway, { bytes: csv, name: 'year.csv', options: { fields } });
    expect(progress).toMatchObject({ status: 'completed', total: 4, done: 4, failed: 1, flagged: 1, skipped: 0 });
    expect(rows.map(({ line, id, decision, timestamp, source }) => ({ line, id, decision, timestamp, source }))).toEqual([
      { line: 2, id: 'a', decision: 'allow', timestamp: '2023-11-14T22:13:20.000Z', source: 'web' },
      { line: 4, id: 'b', decision: 'block', timestamp: '2026-01-02T02:04:05.000Z', source: 'mobile' },
      { line: 5, id: 'c', decision: 'allow', timestamp: undefined, source: undefined },
      { line: 6, id: undefined, decision: undefined, timestamp: undefined, source: undefined },
    ]);
    expect(rows[3]?.error).toMatchObject({ code: 'invalid_request', message: expect.stringContaining('2 fields, but the header has 5') });
    expect(gateway.guard.texts).toContain('Sunny,\nall "day" long');
  });

  it('names the columns there are when one of the map is not among them, and no value', async () => {
    const { status, body } = await sendLog(gateway, { bytes: csv, options: { fields: { ...fields, prompt: 'quetsion' } } });
    expect([status, body.error.param]).toEqual([400, 'fields.prompt']);
    expect(body.error.message).toMatch(/nr, when, app, question, answer/);
    expect(body.error.message).not.toMatch(/neighbour|quetsion/);
  });
});
