import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = dirname(import.meta.dirname);

/** Each row plants one import in a throw-away tree: [rule that must catch it, importing file, imported specifier]. */
const violations: Array<[string, string, string]> = [
  ['libs-not-to-apps', 'libs/storage/src/a.ts', '../../../apps/gateway/src/index.js'],
  ['apps-apart', 'apps/guard/src/a.ts', '../../generator/src/index.js'],
  ['contracts-is-a-leaf', 'libs/contracts/src/a.ts', '../../policy/src/index.js'],
  ['policy-is-pure', 'libs/policy/src/a.ts', '../../storage/src/index.js'],
  ['reporting-is-pure', 'libs/reporting/src/a.ts', '../../storage/src/index.js'],
  ['scanners-is-pure', 'libs/scanners/src/a.ts', '../../llama-core/src/index.js'],
  ['audit-formats-is-pure', 'libs/audit-formats/src/a.ts', '../../storage/src/index.js'],
  ['llama-core-stands-alone', 'libs/llama-core/src/engine/a.ts', '../../../contracts/src/index.js'],
  ['pure-libs-no-framework', 'libs/policy/src/a.ts', '@nestjs/common'],
  ['gateway-loads-no-native-code', 'apps/gateway/src/a.ts', '../../../libs/llama-core/src/index.js'],
  ['one-file-imports-onnxruntime', 'libs/llama-core/src/engine/a.ts', 'onnxruntime-node'],
  ['nothing-imports-engine', 'libs/llama-core/src/runtime/a.ts', '../engine/index.js'],
  ['engine-imports', 'libs/llama-core/src/engine/a.ts', '../graph/index.js'],
  ['engine-knows-no-other-engines', 'libs/llama-core/src/engine/a.ts', '../engines/openai/index.js'],
  ['engines-imports', 'libs/llama-core/src/engines/openai/a.ts', '../../runtime/index.js'],
  ['engines-apart', 'libs/llama-core/src/engines/llama-cpp/a.ts', '../openai/index.js'],
  ['graph-imports', 'libs/llama-core/src/graph/a.ts', '../sampling/index.js'],
  ['adapters-imports', 'libs/llama-core/src/adapters/a.ts', '../runtime/index.js'],
  ['sampling-and-scheduling-are-pure', 'libs/llama-core/src/sampling/a.ts', '../runtime/index.js'],
  ['no-deep-import', 'apps/guard/src/a.ts', '../../../libs/policy/src/inner.js'],
  ['not-to-unresolvable', 'apps/guard/src/a.ts', './nowhere.js'],
];

const targets = ['apps/gateway/src/index.ts', 'apps/generator/src/index.ts', 'libs/policy/src/index.ts', 'libs/policy/src/inner.ts', 'libs/storage/src/index.ts', 'libs/contracts/src/index.ts', 'libs/llama-core/src/index.ts', 'libs/llama-core/src/engine/index.ts', 'libs/llama-core/src/engines/openai/index.ts', 'libs/llama-core/src/graph/index.ts', 'libs/llama-core/src/sampling/index.ts', 'libs/llama-core/src/runtime/index.ts'];

describe('the dependency rule', () => {
  let tree = '';

  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    writeFileSync(join(tree, file), text);
  };

  /** Names of the rules that dependency-cruiser reports for the tree. */
  const broken = (): string[] => {
    let output: string;
    try {
      output = execFileSync(process.execPath, [join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs'), '--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'apps', 'libs'], { cwd: tree, encoding: 'utf8' });
    } catch (error) {
      output = (error as { stdout: string }).stdout;
    }
    const { summary } = JSON.parse(output) as { summary: { violations: Array<{ rule: { name: string } }> } };
    return summary.violations.map(({ rule }) => rule.name);
  };

  beforeAll(() => {
    tree = mkdtempSync(join(tmpdir(), 'sallyport-boundaries-'));
    for (const file of ['.dependency-cruiser.cjs', 'tsconfig.base.json']) cpSync(join(root, file), join(tree, file));
    symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
    for (const file of targets) write(file, 'export const here = 1;\n');
  });
  afterAll(() => rmSync(tree, { recursive: true, force: true }));

  it('holds in a clean tree', () => expect(broken()).toEqual([]));

  it.each(violations)('%s catches %s importing %s', (rule, file, specifier) => {
    write(file, `import * as planted from '${specifier}';\nexport { planted };\n`);
    try {
      expect(broken()).toContain(rule);
    } finally {
      rmSync(join(tree, file));
    }
  });
});
