import { containerServer, dockerAnswers } from './container-server.js';
import { embeddedServer } from './embedded-server.js';

/** A running server that the tests may fill with databases and roles. */
export interface TestServer {
  readonly url: string;
  readonly description: string;
  stop(): Promise<void>;
}

/**
 * The server that the environment asks for: `DATABASE_URL`, else `PGRELAY_TEST_SERVER` (`embedded`, the default;
 * `testcontainers`; or `auto`: a container where a Docker engine answers) in the version `PGRELAY_TEST_PG`.
 */
export async function testServer(): Promise<TestServer> {
  const { DATABASE_URL: url, PGRELAY_TEST_PG: major = '18', PGRELAY_TEST_SERVER: kind = 'embedded' } = process.env;
  if (url) return { url, description: 'the server of DATABASE_URL', stop: () => Promise.resolve() };
  switch (kind) {
    case 'embedded':
      return embeddedServer(major);
    case 'testcontainers':
      return containerServer(major);
    case 'auto':
      return (await dockerAnswers()) ? containerServer(major) : embeddedServer(major);
    default:
      throw new Error(`PGRELAY_TEST_SERVER is "${kind}": use embedded, testcontainers or auto.`);
  }
}
