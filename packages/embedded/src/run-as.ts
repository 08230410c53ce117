import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { EmbeddedError } from './errors.js';

/** The user that the server runs as when we are root, which PostgreSQL refuses. */
export interface RunAs {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const CREATED_USER = 'pgrelay-postgres';

/**
 * Undefined for an ordinary user, who runs the server as himself. For root: the owner of existing data,
 * else `postgres`, else `nobody`, else a user made for this. PostgreSQL looks its uid up in the passwd
 * database and refuses one that is not there, so a bare number would not do.
 */
export function chooseRunAs(ownerOfData?: number): RunAs | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const owner = ownerOfData === undefined || ownerOfData === 0 ? undefined : lookUp(String(ownerOfData));
  return owner ?? lookUp('postgres') ?? lookUp('nobody') ?? lookUp(CREATED_USER) ?? createUser();
}

function lookUp(user: string): RunAs | undefined {
  const numbers = ['-u', '-g', '-un'].map((option) => spawnSync('id', [option, user], { encoding: 'utf8' }));
  if (numbers.some(({ status }) => status !== 0)) return undefined;
  const [uid, gid, name] = numbers.map(({ stdout }) => stdout.trim());
  return Number(uid) === 0 ? undefined : { name: name ?? user, uid: Number(uid), gid: Number(gid) };
}

function createUser(): RunAs {
  const attempts: SpawnSyncReturns<string>[] = [
    spawnSync('useradd', ['--system', '--no-create-home', '--shell', '/bin/false', CREATED_USER], { encoding: 'utf8' }),
  ];
  if (attempts[0]?.status !== 0) attempts.push(spawnSync('adduser', ['-S', '-H', CREATED_USER], { encoding: 'utf8' }));
  const user = lookUp(CREATED_USER);
  if (user !== undefined) return user;
  const reason = attempts.map(({ error, stderr }) => error?.message ?? stderr.trim()).join('; ');
  throw new EmbeddedError(
    'EMBEDDED_NO_USER',
    `PostgreSQL refuses to run as root, there is no user postgres or nobody, and ${CREATED_USER} could not be made ` +
      `(${reason}). Start as an ordinary user, or make a user named postgres.`,
  );
}

/** What `spawn` needs to start a server program: the user, a folder everyone can enter, and no stray PG settings. */
export function spawnOptions(runAs: RunAs | undefined): {
  cwd: string;
  env: NodeJS.ProcessEnv;
  uid?: number;
  gid?: number;
} {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PG')));
  return { cwd: '/', env, ...(runAs && { uid: runAs.uid, gid: runAs.gid }) };
}
