import { autoMv, autoMvSql } from '@pgrelay/auto-mv';
import { Processor } from '@pgrelay/relay-core';
import { migrate } from '@pgrelay/relay-sql';
import type pg from 'pg';
import { LastWarning } from '../last-warning.js';
import { runFolder } from '../sql-files.js';
import type { Pattern } from './pattern.js';
import { untilSettled } from './settled.js';

/** The relay with its plugin auto-mv: the view's watches are derived, a Processor in this process refreshes it. */
export async function relayPattern(url: string, client: pg.Client, repair: boolean): Promise<Pattern> {
  await migrate({ connectionString: url, modules: [autoMvSql] });
  await runFolder(client, 'relay');
  await client.query('select demo.register()');
  const warnings = new LastWarning();
  const processor = new Processor({ connectionString: url, plugins: [autoMv({ repair })], log: warnings.logger });
  return {
    title: 'pgrelay',
    headline: 'Customers order all the time; the view is refreshed behind them, and no order waits for a refresh.',
    start: () => processor.start(),
    async untilServed(token) {
      await client.query("select pgauto_mv.wait_until_fresh('public.monthly_product_sales', $1, '2 min')", [token]);
      await untilSettled(client);
    },
    untilSettled: () => untilSettled(client),
    trouble: () => warnings.text,
    stop: () => processor.stop(),
  };
}
