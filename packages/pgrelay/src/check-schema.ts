import { RelayError, sqlstateOf } from '@pgrelay/relay-core';
import { type ModuleState, type SqlModule, schemaStatus } from '@pgrelay/relay-sql';
import type { Logger } from 'pino';

/**
 * Refuses a database that lacks what this binary needs, before anything runs. A newer one is fine: the last release
 * works on it while an upgrade is under way.
 * @throws RelayError RELAY_NOT_INSTALLED, PGRELAY_SCHEMA_OLD
 */
export async function checkSchema(connectionString: string, modules: readonly SqlModule[], log: Logger): Promise<void> {
  const states = await readStatus(connectionString, modules);
  const hint = 'Run: npx pgrelay migrate (with the same DATABASE_URL), or start with --migrate.';
  if (states[0]?.status === 'missing') {
    throw new RelayError('RELAY_NOT_INSTALLED', 'the database has no pgrelay in it', { hint });
  }
  const behind = states.filter(({ status }) => status === 'missing' || status === 'old');
  if (behind.length > 0) {
    const names = behind.map(({ module, status }) => `${module} (${status})`).join(', ');
    throw new RelayError('PGRELAY_SCHEMA_OLD', `the database is behind this pgrelay: ${names}`, { hint });
  }
  const different = states.filter(({ status }) => status === 'different').map(({ module }) => module);
  if (different.length > 0) {
    log.warn(
      { modules: different },
      'functions of another release are installed; run pgrelay migrate, unless a newer pgrelay did',
    );
  }
}

/** An older grants.sql may not let this login look; then the Processor's own checks have to do. */
async function readStatus(connectionString: string, modules: readonly SqlModule[]): Promise<readonly ModuleState[]> {
  try {
    return await schemaStatus({ connectionString, modules });
  } catch (error) {
    if (sqlstateOf(error) === '42501') return [];
    throw error;
  }
}
