import { cweLink, cweName, type InsecureCodeRule } from './rule.js';

const code = (text: string): string => `\`${text.replaceAll('|', '\\|')}\``;

/** The page docs/concepts/insecure-code-rules.md. */
export function rulesPage(rules: readonly InsecureCodeRule[]): string {
  const rows = rules.map(({ id, language, cwe, title, score, bad, good }) => `| ${id} | ${language} | [${cweName(cwe)}](${cweLink(cwe)}) | ${title} | ${score} | ${code(bad)} | ${code(good)} |`);
  return [
    '# Rules for insecure code',
    '',
    'Made from `libs/scanners/src/scanners/insecure-code/rules`: change those and run `npx vitest run -u libs/scanners/src/scanners/insecure-code`. How they are applied: [scanners](scanners.md).',
    '',
    `${rules.length} rules. JavaScript's also read TypeScript, C's also C++. The score is a rule of thumb for how seldom a match is harmless.`,
    '',
    '| rule | language | weakness | what | score | found in | not in |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
