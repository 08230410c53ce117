import { exitCodeOf } from './exit-code.js';
import { explainError } from './explain-error.js';
import { makeProgram } from './program.js';

/** Runs the command line and returns the exit code. Errors go to standard error: code, message, hint. */
export async function main(args: readonly string[]): Promise<number> {
  let code = 0;
  try {
    await makeProgram((ended) => {
      code = ended;
    }).parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    const exitCode = exitCodeOf(error);
    if (exitCode !== 0) report(error, args.includes('--json'));
    return exitCode;
  }
}

function report(error: unknown, json: boolean): void {
  const explained = explainError(error);
  if (json) process.stderr.write(`${JSON.stringify({ error: explained })}\n`);
  else {
    const { code, message, hint } = explained;
    process.stderr.write(`error ${code}: ${message}\n${hint === undefined ? '' : `hint: ${hint}\n`}`);
  }
}
