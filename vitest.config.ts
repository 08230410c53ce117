import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{packages/*,test-support,demo,examples,benchmarks,tools}/test/**/*.test.ts'],
    globalSetup: ['./test-support/dist/global-setup.js'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
