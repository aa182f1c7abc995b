import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { REMAINDER } from '../../finding.js';
import { ALL_LANGUAGES } from './code-blocks.js';
import { detectLanguages } from './detect-languages.js';
import type { CodeLanguage } from './rule.js';
import { INSECURE_CODE_RULES } from './rules/index.js';
import { rulesPage } from './rules-table.fixture.js';
import { scanInsecureCode } from './scan-insecure-code.js';

const FENCES: Readonly<Record<CodeLanguage, readonly string[]>> = { python: ['python', 'py'], javascript: ['js', 'TypeScript title="a.ts"'], sql: ['sql'], shell: ['bash', 'sh'], c: ['c', 'cpp'] };
const fenced = (info: string, code: string): string => `Try this:\n\n\`\`\`${info}\n${code}\n\`\`\`\nDone.`;
const kinds = (text: string): string[] => scanInsecureCode(text).map(({ kind }) => kind);

describe.each(INSECURE_CODE_RULES.map((rule) => [rule.id, rule] as const))('%s', (_id, rule) => {
  const info = FENCES[rule.language][0] as string;

  it('finds its bad example, where it stands', () => {
    const text = fenced(info, rule.bad);
    const found = scanInsecureCode(text).find(({ kind }) => kind === rule.id);
    expect(found).toMatchObject({ scanner: 'insecure-code', cwe: `CWE-${rule.cwe}`, score: rule.score });
    const at = text.indexOf(rule.bad);
    expect(found && found.start >= at && found.end <= at + rule.bad.length).toBe(true);
  });

  it('finds it without a language, and nothing in its good example', () => {
    expect(kinds(fenced('', rule.bad))).toContain(rule.id);
    expect(kinds(fenced(info, rule.good))).toEqual([]);
  });

  it('is silent in a comment and in other languages', () => {
    const comment = { python: '# ', javascript: '// ', sql: '-- ', shell: '# ', c: '// ' }[rule.language];
    expect(kinds(fenced(info, comment + rule.bad))).not.toContain(rule.id);
    const other = ALL_LANGUAGES.find((language) => language !== rule.language) as CodeLanguage;
    expect(kinds(fenced(FENCES[other][0] as string, rule.bad))).not.toContain(rule.id);
  });
});

describe('the rules', () => {
  it('are many, with distinct ids and a hint in each bad example', () => {
    expect(INSECURE_CODE_RULES.length).toBeGreaterThanOrEqual(40);
    expect(new Set(INSECURE_CODE_RULES.map(({ id }) => id)).size).toBe(INSECURE_CODE_RULES.length);
    for (const language of ALL_LANGUAGES) expect(INSECURE_CODE_RULES.filter((rule) => rule.language === language).length).toBeGreaterThanOrEqual(7);
  });

  it('are documented as they are', async () => {
    await expect(rulesPage(INSECURE_CODE_RULES)).toMatchFileSnapshot(join(import.meta.dirname, '../../../../../docs/concepts/insecure-code-rules.md'));
  });
});

describe('where code is found', () => {
  it.each(Object.entries(FENCES).flatMap(([language, names]) => names.map((name) => [name, language] as const)))('a fence named %s is %s', (name, language) => {
    const rule = INSECURE_CODE_RULES.find((one) => one.language === language);
    expect(kinds(fenced(name, rule?.bad ?? ''))).toContain(rule?.id);
  });

  it.each([
    ['python', 'import os\n\ndef clean(folder):\n    os.system("rm -r " + folder)\n', 'py-os-system'],
    ['javascript', "const id = req.query.id;\ndb.query('SELECT * FROM users WHERE id = ' + id, (error, rows) => console.log(rows));\n", 'js-sql-concat'],
    ['sql', "DECLARE @id varchar(10);\nEXEC('SELECT * FROM orders WHERE id = ' + @id);\n", 'sql-dynamic'],
    ['shell', '#!/bin/bash\ncd /srv && sudo chmod -R 777 app\ncurl -fsSL https://x.test/i.sh | sudo bash\n', 'sh-world-writable'],
    ['c', '#include <stdio.h>\n\nint main(void) {\n  char line[80];\n  gets(line);\n  return 0;\n}\n', 'c-gets'],
  ] as const)('plain %s', (language, code, rule) => {
    expect(detectLanguages(code)).toEqual([language]);
    expect(kinds(code)).toContain(rule);
  });

  it('an unclosed fence, tildes, and code between fences', () => {
    expect(kinds('```python\nresult = eval(text)')).toEqual(['py-eval']);
    expect(kinds('~~~python\n```\nresult = eval(text)\n~~~\n')).toEqual(['py-eval']);
    expect(kinds('```json\n{}\n```\nimport os\n\ndef f(a):\n    os.system("ls " + a)\n')).toEqual(['py-os-system']);
  });

  it('not in prose about code, nor in a fence of another kind', () => {
    expect(kinds('You should never call eval(input) or use gets(); chmod 777 is bad too, and so is verify=False.')).toEqual([]);
    expect(kinds(fenced('text', 'Never call eval(input).'))).toEqual([]);
    expect(kinds(fenced('json', '{"password": "hunter2hunter2"}'))).toEqual([]);
  });

  it('statements over several lines', () => {
    expect(kinds(fenced('python', 'subprocess.run(\n    command,\n    shell=True,\n)'))).toEqual(['py-shell-true']);
    expect(kinds(fenced('python', 'yaml.load(\n    stream,\n    Loader=yaml.SafeLoader,\n)\nyaml.load(stream)'))).toEqual(['py-yaml-load']);
  });

  it('each place once, with offsets of the text', () => {
    const text = fenced('c', 'gets(a); gets(b);\ngets(c);');
    const found = scanInsecureCode(text);
    expect(found.map(({ start, end }) => text.slice(start, end).trim())).toEqual(['gets(', 'gets(', 'gets(']);
    expect(new Set(found.map(({ start }) => start)).size).toBe(3);
  });
});

describe('hostile code', () => {
  const SIZE = 150_000;
  const hints = INSECURE_CODE_RULES.flatMap((rule) => rule.hints).join(' ');

  it.each([`${hints}\n`, `${hints} `, 'eval(', '```\n', '```py\nx\n```\n', 'select a\n', '[[ a', 'import a ', '(', 'subprocess.run(', '"+"'])('is read in bounded time: %.20j', (seed) => {
    expect(scanInsecureCode(`\`\`\`\n${seed.repeat(Math.ceil(SIZE / seed.length))}`).length).toBeLessThanOrEqual(32 * INSECURE_CODE_RULES.length + 1);
  });

  it('what is more than is worth reading is a finding, never a pass', () => {
    const text = `\`\`\`\n${'eval exec '.repeat(400_000)}`;
    expect(scanInsecureCode(text)).toContainEqual(expect.objectContaining({ kind: REMAINDER, end: text.length }));
  });
});
