import { defineConfig } from 'vitest/config';

/** Tests read the SOURCE of sibling packages through the `@sallyport/source` export condition; only workers and child processes run `dist`. */
export default defineConfig({
  // Said here because the compiler looks for a file's own tsconfig, and the projects' leave their specs out.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  resolve: { conditions: ['@sallyport/source'] },
  ssr: { resolve: { conditions: ['@sallyport/source'], externalConditions: ['@sallyport/source'] } },
  test: { include: ['{apps,libs}/*/src/**/*.spec.ts', '{cli,e2e}/src/**/*.spec.ts', 'tools/*.spec.ts'], pool: 'forks', testTimeout: 60_000, hookTimeout: 60_000 },
});
