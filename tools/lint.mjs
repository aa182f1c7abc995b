// `npm run lint`: style (biome), architecture (dependency-cruiser), types of the tests (tsc). All three run; any failure fails.
import { bin, bootstrap, run } from './bootstrap.mjs';

bootstrap();
const steps = [
  ['style', bin('biome'), ['lint', '--error-on-warnings', '.']],
  ['architecture', bin('depcruise'), [ '--config', '.dependency-cruiser.cjs', 'apps', 'libs', 'cli']],
  ['types of tests', process.execPath, ['node_modules/typescript7/bin/tsc', '-p', 'tsconfig.spec.json']],
];
const failed = steps.filter(([name, command, args]) => {
  console.log(`\n> ${name}`);
  return run(command, args) !== 0;
});
if (failed.length > 0) console.error(`\nlint failed: ${failed.map(([name]) => name).join(', ')}`);
process.exit(failed.length > 0 ? 1 : 0);
