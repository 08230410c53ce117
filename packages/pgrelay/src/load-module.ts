import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { RelayError } from '@pgrelay/relay-core';

/** Loads a user's module; its path is relative to the current directory. `code`: of the RelayError when that fails. */
export async function loadModule(file: string, code: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await import(pathToFileURL(path.resolve(file)).href);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RelayError(code, `${file} cannot be loaded: ${why}`, {
      hint: 'Name a JavaScript module, as built; its path is relative to the current directory.',
      cause,
    });
  }
}
