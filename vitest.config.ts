/** How the tests run: every file in a process of its own, two at a time, because e2e files start real servers. */
import { defineConfig } from 'vitest/config';

const unit = { name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/e2e/**', 'test/security/**'] };
const e2e = { name: 'e2e', include: ['test/e2e/**/*.test.ts', 'test/security/**/*.test.ts'] };

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      { extends: true, test: { ...unit, testTimeout: 10_000, hookTimeout: 10_000 } },
      { extends: true, test: { ...e2e, testTimeout: 60_000, hookTimeout: 60_000 } },
    ],
  },
});
