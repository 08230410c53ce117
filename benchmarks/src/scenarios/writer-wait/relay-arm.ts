import { setTimeout as pause } from 'node:timers/promises';
import { autoMvSql } from '@pgrelay/auto-mv';
import { migrate } from '@pgrelay/relay-sql';
import { connect } from '../../harness/connect.js';
import { ProcessorProcess } from '../../harness/processor-process.js';
import { runFolder } from '../../harness/sql-files.js';
import type { Arm, Refresh } from './arm.js';

/** The relay: a Processor in a process of its own, asked for one refresh at a time. */
export async function relayArm(url: string): Promise<Arm> {
  await migrate({ connectionString: url, modules: [autoMvSql] });
  const client = await connect(url, 'benchmark relay');
  await runFolder(client, 'writer-wait/relay');
  await client.query('select shop.register()');
  const processor = await ProcessorProcess.start(url);

  const done = async () => (await client.query<Refresh>('select began, ended from shop.refreshes order by id')).rows;
  const untilDone = async (count: number): Promise<Refresh> => {
    for (;;) {
      const last = (await done())[count - 1];
      if (last !== undefined) return last;
      await pause(50);
    }
  };
  await untilDone(1); // the one that registering asks for
  return {
    name: 'pgrelay',
    schema: 'shop',
    async refresh() {
      const before = (await done()).length;
      await client.query("select pgauto_mv.refresh_materialised_view_now('shop.monthly_product_sales'::regclass)");
      return untilDone(before + 1);
    },
    async close() {
      await processor.stop();
      await client.end();
    },
  };
}
