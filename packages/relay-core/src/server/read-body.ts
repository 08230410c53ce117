import type { IncomingMessage } from 'node:http';
import { RouteError } from './route-error.js';

/** Reads a body whole, up to a limit. A longer one is refused as soon as that is known, and the rest is not read. @throws RouteError 400, 413 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const tooLarge = () =>
    new RouteError(413, 'RELAY_BODY_TOO_LARGE', `the body is longer than ${limit} bytes`, {
      headers: { connection: 'close' },
    });
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge();
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      length += (chunk as Buffer).length;
      if (length > limit) throw tooLarge();
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    if (error instanceof RouteError) throw error;
    throw new RouteError(400, 'RELAY_REQUEST_INVALID', 'the body did not arrive whole', { cause: error });
  }
  return Buffer.concat(chunks);
}
