import type { TestDatabase } from '@pgrelay/test-support';
import type pg from 'pg';

let logins = 0;

/** Runs `use` with a connection of a new login that has some roles, and removes the login with all it was granted. */
export async function withLogin(
  db: TestDatabase,
  roles: readonly string[],
  use: (client: pg.Client, user: string, password: string) => Promise<void>,
): Promise<void> {
  const user = `login_${++logins}_${db.name}`;
  await db.query(`create role ${user} login password 'secret'`);
  await db.query(`grant ${user} to current_user`); // so that a login that is no superuser may clean up after it
  for (const role of roles) await db.query(`grant ${role} to ${user}`);
  try {
    const client = await db.connect({ user, password: 'secret' });
    await use(client, user, 'secret');
    await client.end();
  } finally {
    await db.query(`drop owned by ${user} cascade`);
    await db.query(`drop role ${user}`);
  }
}
