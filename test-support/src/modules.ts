/** Installs the SQL of every module that brings some. */
export async function migrateModules(connectionString: string): Promise<void> {
  const [relay, autoMv, cron] = await Promise.all(
    ['@pgrelay/relay-sql', '@pgrelay/auto-mv', '@pgrelay/plugin-cron'].map(
      async (name) => (await import(name)) as Record<string, unknown>,
    ),
  );
  const migrate = relay?.migrate;
  if (typeof migrate !== 'function') return;
  const modules = [autoMv?.autoMvSql, cron?.cronSql].filter((module) => module !== undefined);
  await migrate({ connectionString, modules });
}
