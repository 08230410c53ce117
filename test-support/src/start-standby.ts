import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { OwnServer } from './own-server.js';
import { until } from './until.js';

/** A standby that streams from a server. That one is stopped for the copy of its data, and runs again afterwards. */
export async function startStandby(primary: OwnServer): Promise<OwnServer> {
  await primary.stop();
  const standby = await OwnServer.startCopyOf(primary, async (data) => {
    const signal = path.join(data, 'standby.signal');
    writeFileSync(signal, '');
    chmodSync(signal, 0o666); // the server's user removes it at the promotion
    await primary.startAgain();
    return { primary_conninfo: primary.conninfo(), hot_standby: 'on' };
  });
  await untilReplayed(primary, standby);
  return standby;
}

/** Until the standby has replayed what is committed on the primary now. */
export async function untilReplayed(primary: OwnServer, standby: OwnServer): Promise<void> {
  const [at] = await primary.query<{ lsn: string }>('select pg_current_wal_flush_lsn()::text as lsn');
  await until(
    async () =>
      (
        await standby.query<{ yes: boolean }>('select coalesce(pg_last_wal_replay_lsn() >= $1::pg_lsn, false) as yes', [
          at?.lsn,
        ])
      )[0]?.yes,
    'the standby has replayed it',
  );
}

/** Makes a standby a primary, and returns when it takes writes. */
export async function promote(standby: OwnServer): Promise<void> {
  await standby.query('select pg_promote()');
}
