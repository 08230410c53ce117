#!/usr/bin/env node
// Committed, and plain JavaScript: npm makes no link to a file that does not exist when it installs.
import { existsSync } from 'node:fs';

const built = new URL('../dist/main.js', import.meta.url);
if (existsSync(built)) {
  const { main } = await import(built.href);
  process.exitCode = await main(process.argv.slice(2));
} else {
  console.error('pgrelay is not built yet: run "npm run build" in the root of the repository.');
  process.exitCode = 1;
}
