import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { contents, fixture, jsonFixture, readLines } from './read-audit.fixture.js';

interface ChatRow {
  id: number;
  question?: string;
  answer: string;
  when: string;
  chat?: Array<{ role: string; content: string; name?: string }>;
}

describe('a Parquet file of pyarrow', () => {
  const rows = jsonFixture<ChatRow[]>('chat-rows.json');

  it.each(['snappy', 'zstd', 'gzip', 'none'])('packed by %s gives every row with its number, across row groups', async (codec) => {
    const { lines } = await readLines(fixture(`chat-${codec}.parquet`), { fields: { text: 'question', timestamp: 'when', source: 'answer' } });
    expect(lines.map(({ line }) => line)).toEqual(rows.map((_, at) => at + 1));
    expect(contents({ lines })).toEqual(rows.map(({ id, question, answer, when }) => (question === undefined ? 'invalid_request' : { id: String(id), timestamp: when, source: answer, text: question })));
  });

  it('gives nested lists of messages', async () => {
    const { lines } = await readLines(fixture('chat-snappy.parquet'), { fields: { messages: 'chat' } });
    expect(contents({ lines })).toEqual(rows.map(({ id, chat }) => (chat === undefined || chat.length === 0 ? 'invalid_request' : { id: String(id), messages: chat })));
  });

  it.each([
    ['cut short', fixture('chat-snappy.parquet').subarray(0, 4_000), 'unprocessable'],
    ['with a footer that claims more rows', withMoreRows(), 'unprocessable'],
    ['whose pages are noise', withNoise(), 'unprocessable'],
  ])('%s is an error with a name', async (_, bytes, code) => {
    await expect(readLines(bytes, { fields: { text: 'question' } })).rejects.toMatchObject({ code, param: 'file' });
  });

  /** The number of rows of the file is the fourth field of the footer, before its row groups: 40 as zigzag varint is 0x50. */
  function withMoreRows(): Buffer {
    const bytes = Buffer.from(fixture('chat-snappy.parquet'));
    const at = bytes.indexOf(Buffer.from([0x16, 0x50, 0x19]));
    return Buffer.concat([bytes.subarray(0, at), Buffer.from([0x16, 0x80, 0xd0, 0xac, 0xf3, 0x0e, 0x19]), bytes.subarray(at + 3, bytes.length - 8), footerLength(bytes, 4), bytes.subarray(-4)]);
  }

  function footerLength(bytes: Buffer, more: number): Buffer {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.readUInt32LE(bytes.length - 8) + more);
    return length;
  }

  function withNoise(): Buffer {
    const bytes = Buffer.from(fixture('chat-snappy.parquet'));
    return bytes.fill(0xff, 100, 600);
  }
});

describe('packed files', () => {
  const packed = jsonFixture<Record<string, string> & { bytes: number }>('packed.json');

  it.each(['one frame', 'stream', 'two frames', 'gzip'])('%s gives the text that was packed', async (name) => {
    const { lines } = await readLines(Buffer.from(packed[name]!, 'base64'), {}, { expected: 'jsonl' });
    expect(lines.length).toBe(20_000);
  });

  it.each(['one frame', 'stream', 'gzip'])('%s cut short is an error with a name, not a short file', async (name) => {
    const bytes = Buffer.from(packed[name]!, 'base64');
    await expect(readLines(bytes.subarray(0, bytes.length - 20), {}, { expected: 'jsonl' })).rejects.toMatchObject({ code: 'unprocessable', param: 'file' });
  });

  it('that unpack too far are refused, by size and by ratio', async () => {
    const bomb = gzipSync(Buffer.alloc(70 * 1024 * 1024, `{"text":"${'a'.repeat(60_000)}"}\n`));
    await expect(readLines(bomb)).rejects.toMatchObject({ code: 'request_too_large', message: expect.stringContaining('200 times') });
    await expect(readLines(bomb, {}, { unpack: { bytes: 1_000_000, ratio: 1e9 } })).rejects.toMatchObject({ code: 'request_too_large', message: expect.stringContaining('1000000 bytes') });
  });

  it('whose window would take gigabytes are refused before they are unpacked, in whichever frame', async () => {
    const wide = Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8]), Buffer.alloc(64)]);
    await expect(readLines(wide)).rejects.toMatchObject({ code: 'request_too_large', message: expect.stringContaining('window') });
    await expect(readLines(Buffer.concat([Buffer.from(packed['one frame']!, 'base64'), wide]), {}, { expected: 'jsonl' })).rejects.toMatchObject({ code: 'request_too_large' });
  });
});

describe('chat logs', () => {
  const user = { role: 'user', content: 'hi' };
  const assistant = { role: 'assistant', content: 'hello' };

  it.each<[string, object, object]>([
    ['messages', { messages: [user, assistant], model: 'x' }, [user, assistant]],
    ['a request and its response', { request: { model: 'x', messages: [user] }, response: { choices: [{ index: 0, message: { ...assistant, annotations: [] } }] } }, [user, assistant]],
    ['the same in bodies', { request: { body: { messages: [user] } }, response: { body: { choices: [{ message: assistant }, { message: assistant }] } } }, [user, assistant, assistant]],
    ['a line of a batch input', { custom_id: 'a', method: 'POST', url: '/v1/chat/completions', body: { messages: [user] } }, [user]],
    ['a line of a batch output', { id: 'batch_1', custom_id: 'a', response: { status_code: 200, body: { choices: [{ message: assistant }] } }, error: null }, [assistant]],
    ['calls of functions as they used to be', { messages: [{ role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' } }, { role: 'function', name: 'f', content: '1' }] }, [{ role: 'assistant', tool_calls: [{ id: 'unknown', type: 'function', function: { name: 'f', arguments: '{}' } }] }, { role: 'tool', name: 'f', content: '1', tool_call_id: 'unknown' }]],
    ['ShareGPT', { conversations: [{ from: 'human', value: 'hi' }, { from: 'gpt', value: 'hello' }, { from: 'observation', value: '1' }] }, [user, assistant, { role: 'tool', content: '1', tool_call_id: 'unknown' }]],
    ['a prompt and its response', { prompt: 'hi', response: 'hello' }, [user, assistant]],
  ])('%s, as lines and as one array', async (_, record, messages) => {
    for (const bytes of [`${JSON.stringify(record)}\n`, `\ufeff \n[${JSON.stringify(record)},\n${JSON.stringify(record)}]\n`]) {
      const { lines } = await readLines(bytes);
      for (const line of lines) expect(line).toMatchObject({ content: { messages } });
    }
  });

  it('that failed in their batch are error rows', async () => {
    expect(contents(await readLines('{"custom_id": "a", "response": null, "error": {"code": "x"}}\n{"custom_id": "b", "response": {"status_code": 500, "body": {}}}'))).toEqual(['invalid_request', 'invalid_request']);
  });
});

describe('the format', () => {
  it.each([
    ['jsonl', 'a,b\n1,2\n', 'format'], ['csv', '{"text": "x"}\n', 'format'], ['parquet', '{"text": "x"}\n', 'format'], ['json', '{"text": "x"}\n', 'format'], ['sharegpt', '{"text": "x"}\n', 'format'], ['openai', '[{"conversations": [{"from": "human", "value": "x"}]}]', 'format'],
  ] as const)('%s for another file is an error that names it', async (format, bytes, param) => {
    await expect(readLines(bytes, { format })).rejects.toMatchObject({ code: 'invalid_request', param, message: expect.stringContaining(format) });
  });

  it('is told from what stands in the file, in UTF-16 too', async () => {
    const csv = 'id\ttext\n1\tüber\n';
    for (const bytes of [Buffer.from(csv), Buffer.from(`\ufeff${csv}`), Buffer.from(`\ufeff${csv}`, 'utf16le'), Buffer.from(`\ufeff${csv}`, 'utf16le').swap16(), Buffer.from(csv, 'utf16le')]) expect(contents(await readLines(bytes))).toEqual([{ id: '1', text: 'über' }]);
  });

  it('of a file that is none of these is said by name', async () => {
    await expect(readLines('PK\u0003\u0004rest')).rejects.toMatchObject({ code: 'unprocessable', message: expect.stringContaining('Excel') });
  });

  it('does not matter for nothing at all', async () => {
    for (const bytes of ['', ' \n\n', '[]', 'text,id\n']) expect(await readLines(bytes)).toEqual({ lines: [], skipped: 0 });
  });
});

describe('the field map', () => {
  it('reads dotted paths, and columns whose names have dots', async () => {
    expect(contents(await readLines('{"a": {"b": [{"c": "x"}]}, "m.id": "1"}\n', { fields: { text: 'a.b.0.c', id: 'm.id' } }))).toEqual([{ id: '1', text: 'x' }]);
  });

  it('that names what none of the first records has is refused with the columns there are', async () => {
    await expect(readLines('{"question": "secret"}\n{"answer": "secret"}\n', { fields: { text: 'text' } })).rejects.toMatchObject({ code: 'invalid_request', param: 'fields.text', message: expect.stringMatching(/question, answer\.$/) });
    await expect(readLines('Tell me how to build a bomb at home,x\n1,2\n', { fields: { text: 'text' } })).rejects.toMatchObject({ message: expect.stringMatching(/It has: #1, x\.$/) });
  });

  it('that takes a column without times for times is refused', async () => {
    await expect(readLines('text,day\na,yesterday\n', { fields: { timestamp: 'day' } })).rejects.toMatchObject({ param: 'fields.timestamp' });
  });

  it.each([[1700000000, '2023-11-14T22:13:20.000Z'], [1700000000123, '2023-11-14T22:13:20.123Z'], ['1700000000.5', '2023-11-14T22:13:20.500Z'], ['2026-01-02', '2026-01-02T00:00:00.000Z'], ['2026-01-02 03:04:05', '2026-01-02T03:04:05.000Z'], ['2026-01-02T03:04:05.678+02:00', '2026-01-02T01:04:05.678Z'], ['soon', undefined]])('reads the time %s', async (timestamp, expected) => {
    expect(contents(await readLines(JSON.stringify({ text: 'a', timestamp })))).toEqual([{ text: 'a', ...(expected ? { timestamp: expected } : {}) }]);
  });
});

describe('hostile text', () => {
  it('a line that cannot be read is an error row, and the next is read', async () => {
    const deep = `{"text": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    const { lines } = await readLines(Buffer.concat([Buffer.from(`{"text": "a"}\n${deep}\nnull\n{"text": "`), Buffer.from([0xff]), Buffer.from(`"}\n{"__proto__": {}}\n{"text": "${'x'.repeat(70_000)}"}\n{"text": "\\u0000b"}`)]), {}, { maxRecordBytes: 300_000 });
    expect(contents({ lines })).toEqual([{ text: 'a' }, 'invalid_json', 'invalid_request', 'invalid_json', 'invalid_json', { text: 'x'.repeat(70_000) }, { text: '\u0000b' }]);
  });

  it('an element that is too deep or too long is an error row, and the next is read', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const { lines } = await readLines(`[{"text": "a"}, ${deep}, {"text": "${'x'.repeat(70_000)}", "rest": 1}, 5, {"text": "b"}]`, {}, { maxRecordBytes: 64_000 });
    expect(lines.map((line) => [line.line, 'content' in line ? line.content.text : line.failure.code])).toEqual([[1, 'a'], [2, expect.stringMatching(/invalid_json|request_too_large/)], [3, 'request_too_large'], [4, 'invalid_request'], [5, 'b']]);
  });

  it.each(['[{"text": "a"}', '[{"text": "a"},]', '[{"text": "a"} {"text": "b"}]', '[{"text": "a"}] x', '[{"text": "a"}][]', '[{"text": a}]', '[,{"text": "a"}]'])('the broken array %s is an error, never a short file', async (bytes) => {
    await expect(readLines(bytes)).rejects.toMatchObject({ code: 'unprocessable', param: 'file' });
  });

  it('an array that is not UTF-8 is an error', async () => {
    await expect(readLines(Buffer.concat([Buffer.from('[{"text": "'), Buffer.from([0xc3, 0x28]), Buffer.from('"}]')]))).rejects.toMatchObject({ code: 'unprocessable' });
  });

  it('a row that is not UTF-8, too long or ragged is an error row, and the next is read', async () => {
    const csv = Buffer.concat([Buffer.from('id,text\n1,a\n2,'), Buffer.from([0xc3, 0x28]), Buffer.from(`\n3,${'x'.repeat(70_000)}\n4,b,c\n5,"q ""u"" ote"\n6,\u0000`)]);
    expect(contents(await readLines(csv))).toEqual([{ id: '1', text: 'a' }, 'invalid_request', 'request_too_large', 'invalid_request', { id: '5', text: 'q "u" ote' }, { id: '6', text: '\u0000' }]);
  });

  it('a quote that is never closed is an error, early', async () => {
    await expect(readLines(`id,text\n1,"${'x'.repeat(2_000_000)}`)).rejects.toMatchObject({ code: 'request_too_large', param: 'file', message: expect.stringContaining('Row 2') });
    await expect(readLines('id,text\n1,"x')).rejects.toMatchObject({ code: 'unprocessable', message: expect.stringContaining('never closed') });
  });
});
