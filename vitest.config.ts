import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Class handlers use legacy decorators, as tsconfig.base.json says; the transformer does not look there for tests.
  oxc: { decorator: { legacy: true } },
  test: {
    include: ['{packages/*,test-support,demo,examples,benchmarks,tools,docs}/test/**/*.test.ts'],
    globalSetup: ['./test-support/dist/global-setup.js'],
    pool: 'forks',
    maxWorkers: 2,
    // Bounds that only a hang exceeds: the machine may have two cores and other work.
    testTimeout: 180_000,
    hookTimeout: 120_000,
  },
});
