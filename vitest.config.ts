import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Class handlers use legacy decorators, as tsconfig.base.json says; the transformer does not look there for tests.
  oxc: { decorator: { legacy: true } },
  test: {
    include: ['{packages/*,test-support,demo,examples,benchmarks,tools,docs}/test/**/*.test.ts'],
    globalSetup: ['./test-support/dist/global-setup.js'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
