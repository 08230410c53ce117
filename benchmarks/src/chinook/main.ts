import { UsageError } from '../harness/usage-error.js';
import { readOptions } from './options.js';
import { tell } from './result.js';
import { runSoak } from './run-soak.js';

const options = readOptions(process.argv.slice(2));
const write = options.json ? console.error : console.log;
try {
  const result = await runSoak(options, write);
  for (const line of tell(result)) write(line);
  if (options.json) console.log(JSON.stringify(result));
  process.exitCode = result.ok ? 0 : 1;
} catch (error) {
  console.error(error instanceof UsageError ? error.message : error);
  process.exitCode = 1;
}
