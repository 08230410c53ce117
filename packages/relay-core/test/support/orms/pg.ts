import pg from 'pg';
import type { Orm, OrmTransaction } from './orm.js';

export function openPg(connectionString: string): Orm {
  const pool = new pg.Pool({ connectionString, max: 2 });
  return {
    async transaction(work) {
      const client = await pool.connect();
      try {
        await client.query('begin');
        await work(inside(client));
        await client.query('commit');
      } catch (error) {
        await client.query('rollback');
        throw error;
      } finally {
        client.release();
      }
    },
    misuse: () => pool,
    close: () => pool.end(),
  };
}

function inside(client: pg.PoolClient): OrmTransaction {
  return {
    tx: client,
    insert: (item) => client.query('insert into purchase (item) values ($1)', [item]),
    async nested(work) {
      await client.query('savepoint s');
      try {
        await work(inside(client));
      } catch (error) {
        await client.query('rollback to savepoint s');
        throw error;
      }
    },
  };
}
