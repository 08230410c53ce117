import { PostgreSqlContainer } from '@testcontainers/postgresql';
import { getContainerRuntimeClient } from 'testcontainers';
import { SERVER_SETTINGS } from './server-settings.js';
import type { TestServer } from './test-server.js';

/** Whether a Docker engine can be reached from here. */
export async function dockerAnswers(): Promise<boolean> {
  try {
    await getContainerRuntimeClient();
    return true;
  } catch {
    return false;
  }
}

/** The server in a container, with the settings of the embedded one. */
export async function containerServer(major: string): Promise<TestServer> {
  const image = `postgres:${major}`;
  const container = await new PostgreSqlContainer(image)
    .withDatabase('postgres')
    .withUsername('postgres')
    .withCommand([
      'postgres',
      ...Object.entries(SERVER_SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ])
    .start();
  return {
    url: container.getConnectionUri(),
    description: `PostgreSQL ${major}, in a container`,
    stop: async () => {
      await container.stop();
    },
  };
}
