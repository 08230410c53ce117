import { readFile, writeFile } from 'node:fs/promises';
import { declaredChannels, RelayError } from '@pgrelay/relay-core';
import { loadModule } from '../load-module.js';
import type { TypesOptions } from '../options.js';
import { channelTypes } from '../types/channel-types.js';

/**
 * Writes the types of what may be sent to the channels that modules declare, for other services. Needs no database. With `check` it writes
 * nothing: 1 when the file is not what it would write.
 * @throws RelayError PGRELAY_HANDLERS_UNREADABLE, PGRELAY_CHANNEL_AMBIGUOUS, PGRELAY_TYPES_UNWRITTEN
 */
export async function runTypes(options: TypesOptions): Promise<number> {
  const modules = await Promise.all(options.handlers.map((file) => loadModule(file, 'PGRELAY_HANDLERS_UNREADABLE')));
  const channels = declaredChannels(modules.flatMap((module) => Object.values(module)));
  if (channels.length === 0)
    throw new RelayError(
      'PGRELAY_HANDLERS_UNREADABLE',
      `${options.handlers.join(', ')}: no channel and no handler is exported`,
      {
        hint: 'Export what defineChannel() and defineHandler() return, and classes with @handler, by themselves or in arrays.',
      },
    );
  const { output } = options;
  const { text, untyped } = channelTypes(channels, { declarations: /\.d\.[cm]?ts$/.test(output ?? '') });
  for (const { channel, reason } of untyped)
    process.stderr.write(`channel ${JSON.stringify(channel)}: its payload is unknown, since ${reason}\n`);
  if (output === undefined) {
    process.stdout.write(text);
    return 0;
  }
  const before = await readFile(output, 'utf8').catch(() => undefined);
  const isCurrent = before?.replaceAll('\r\n', '\n') === text;
  if (options.check === true) {
    console.log(isCurrent ? `${output} is up to date` : `${output} is out of date: make it anew without --check`);
    return isCurrent ? 0 : 1;
  }
  if (!isCurrent)
    await writeFile(output, text).catch((cause: Error) => {
      throw new RelayError('PGRELAY_TYPES_UNWRITTEN', `${output} cannot be written: ${cause.message}`, {
        hint: 'Its folder must exist.',
        cause,
      });
    });
  console.log(
    `${output}: ${channels.length} channel${channels.length === 1 ? '' : 's'}${isCurrent ? ', as before' : ''}`,
  );
  return 0;
}
