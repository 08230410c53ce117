import { existsSync } from 'node:fs';
import path from 'node:path';
import { telemetryEvents } from '@pgrelay/relay-core';
import { useDatabase } from '@pgrelay/test-support';
import { describe, expect, test } from 'vitest';
import { pages, read, repository, sources } from './pages.js';

const database = useDatabase();
const packages = ['relay-sql', 'relay-core', 'embedded', 'auto-mv', 'plugin-http', 'plugin-cron', 'pgrelay'];
const found = (texts: readonly string[], pattern: RegExp): string[] =>
  [...new Set(texts.flatMap((text) => [...text.matchAll(pattern)].map((match) => match[1] ?? '')))].sort();

describe('docs/reference/errors.md', () => {
  const page = read('docs/reference/errors.md');
  const documented = found([page], /^\| `([A-Z][A-Z0-9_]+)`/gm);

  test('has every code of the TypeScript sources, and no other', () => {
    const code = /'((?:RELAY|EMBEDDED|PLUGIN|AUTO_MV|PGRELAY)_[A-Z_]+)'/g;
    const environment = found([read('docs/reference/options.md')], /`(PGRELAY_HTTP_INBOUND_[A-Z]+)`/g);
    const codes = found(
      packages.flatMap((name) => sources(`packages/${name}/src`, '.ts')),
      code,
    ).filter((name) => !environment.includes(name));
    expect(documented.filter((name) => name.includes('_'))).toEqual(codes);
  });

  test('has every SQLSTATE of the SQL sources, and no other', () => {
    const raised = found(
      ['relay-sql', 'auto-mv', 'plugin-cron', 'plugin-http'].flatMap((name) => sources(`packages/${name}/sql`, '.sql')),
      /'(P[RMCH]\d{3})'/g,
    );
    expect(found([page], /\| `?(P[RMCH]\d{3})`? \|/g)).toEqual(raised);
  });
});

describe('docs/reference/sql.md', () => {
  const page = read('docs/reference/sql.md');

  test('names every function and view that somebody but a Processor may use', async () => {
    const names = await database.query<{ name: string }>(
      `select distinct n.nspname || '.' || p.proname as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
         cross join unnest(array['pgrelay_producer', 'pgrelay_viewer', 'pgrelay_admin']) r(role)
       where n.nspname in ('pgrelay', 'pgauto_mv', 'pgrelay_cron', 'pgrelay_http') and p.prorettype <> 'trigger'::regtype
         and has_function_privilege(r.role, p.oid, 'execute')
       union
       select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
         cross join unnest(array['pgrelay_viewer', 'pgrelay_admin']) r(role)
       where n.nspname in ('pgrelay', 'pgauto_mv', 'pgrelay_cron', 'pgrelay_http') and c.relkind in ('v', 'r', 'p') and not c.relispartition
         and has_table_privilege(r.role, c.oid, 'select')
       order by 1`,
    );
    expect(names.map(({ name }) => name).filter((name) => !page.includes(`\`${name}`))).toEqual([]);
  });

  test('its role matrix is that of the database', async () => {
    const rows = await database.query<{ what: string; roles: string }>(
      `select n.nspname || '.' || p.proname as what, string_agg(distinct substr(r.role, 9), ', ' order by substr(r.role, 9)) as roles
       from pg_proc p join pg_namespace n on n.oid = p.pronamespace
         cross join unnest(array['pgrelay_producer', 'pgrelay_viewer', 'pgrelay_admin', 'pgrelay_processor']) r(role)
       where n.nspname in ('pgrelay', 'pgauto_mv', 'pgrelay_cron', 'pgrelay_http') and has_function_privilege(r.role, p.oid, 'execute')
       group by 1`,
    );
    const lines = rows.map(({ what, roles }) => `| \`${what}\` | ${roles} |`).sort();
    await expect(
      `${['# Who may call what', '', 'Made from a migrated database by the tests (`npx vitest run docs -u`). Every row is tested to be so.', '', '| function | roles (without `pgrelay_`) |', '|---|---|', ...lines].join('\n')}\n`,
    ).toMatchFileSnapshot('../reference/sql-roles.md');
  });
});

describe('docs/reference/options.md', () => {
  const page = read('docs/reference/options.md');

  test.each([
    ['ProcessorOptions', 'packages/relay-core/src'],
    ['ServerOptions', 'packages/relay-core/src'],
    ['HandlerOptions', 'packages/relay-core/src'],
    ['RetryOptions', 'packages/relay-core/src'],
    ['BreakerOptions', 'packages/relay-core/src'],
    ['LimitOptions', 'packages/relay-core/src'],
    ['DebounceOptions', 'packages/relay-core/src'],
    ['NotifyOptions', 'packages/relay-core/src'],
    ['RunUntilIdleOptions', 'packages/relay-core/src'],
    ['PerformOptions', 'packages/relay-core/src'],
    ['ExpectedEvent', 'packages/relay-core/src'],
    ['MigrateOptions', 'packages/relay-sql/src'],
    ['ExtensionOptions', 'packages/relay-sql/src'],
    ['UninstallOptions', 'packages/relay-sql/src'],
    ['EmbeddedOptions', 'packages/embedded/src'],
    ['AutoMvOptions', 'packages/auto-mv/src'],
    ['VerificationOptions', 'packages/auto-mv/src'],
    ['HttpEndpoint', 'packages/plugin-http/src'],
    ['HttpOptions', 'packages/plugin-http/src'],
    ['HttpRequestOptions', 'packages/plugin-http/src'],
    ['VerifyWebhookOptions', 'packages/plugin-http/src'],
    ['InboundOptions', 'packages/plugin-http/src'],
    ['InboundChannel', 'packages/plugin-http/src'],
    ['CronOptions', 'packages/plugin-cron/src'],
    ['CronJob', 'packages/plugin-cron/src'],
    ['SyncOptions', 'packages/plugin-cron/src'],
  ])('%s has every option, and no other', (name, folder) => {
    const body = new RegExp(`export interface ${name} \\{\\n([\\s\\S]*?)^\\}`, 'm');
    const source = sources(folder, '.ts').find((text) => body.test(text)) ?? '';
    const section = new RegExp(`^##+ .*\`${name}\`.*\\n([\\s\\S]*?)(?=^##+ |(?![\\s\\S]))`, 'm').exec(page)?.[1] ?? '';
    expect(found([section], /^\| `(\w+)`/gm)).toEqual(
      found([body.exec(source)?.[1] ?? ''], /^ {2}readonly (\w+)\??:/gm),
    );
  });
});

describe('docs/reference/telemetry.md', () => {
  const page = read('docs/reference/telemetry.md');
  const source = read('packages/relay-core/src/telemetry/telemetry-events.ts');
  const typed = [...source.matchAll(/^ {2}readonly '([\w.]+)': (\w+);$/gm)].map(
    (match) => [match[1], match[2]] as const,
  );

  test('has every event, in its order, and no other', () => {
    expect(typed.map(([name]) => name)).toEqual(telemetryEvents);
    expect([...page.matchAll(/^## `([\w.]+)`/gm)].map((match) => match[1])).toEqual(telemetryEvents);
  });

  test.each(typed)('%s has every field, and no other', (name, type) => {
    const body = new RegExp(`export interface ${type} \\{\\n([\\s\\S]*?)^\\}`, 'm').exec(source)?.[1] ?? '';
    const section =
      new RegExp(`^## \`${name}\`: \`${type}\`\\n([\\s\\S]*?)(?=^## |(?![\\s\\S]))`, 'm').exec(page)?.[1] ?? '';
    const fields = found([body], /^ {2}readonly (\w+):/gm);
    expect(fields.length).toBeGreaterThan(1);
    expect(found([section], /^\| `(\w+)`/gm)).toEqual(fields);
  });
});

test('links between the pages lead somewhere', () => {
  const broken = pages().flatMap((page) =>
    [...read(page).matchAll(/(?<!!)\[[^\]]*\]\((?!https?:|#|mailto:)([^)#]+)(?:#[^)]*)?\)/g)]
      .map((match) => match[1] ?? '')
      .filter((target) => !existsSync(path.join(repository, path.dirname(page), target)))
      .map((target) => `${page}: ${target}`),
  );
  expect(broken).toEqual([]);
});
