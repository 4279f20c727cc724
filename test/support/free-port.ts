import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below those that systems give to outgoing connections. */
const ports = { from: 15_000, to: 32_000 };

/** Of the loopback address, free just now: for a server that can't say which one the system has given it, or has to come back to the one that others know. Never `but`. */
export async function freePort({ but }: { readonly but?: number } = {}): Promise<number> {
  for (;;) {
    const port = ports.from + Math.floor(Math.random() * (ports.to - ports.from));
    if (port === but) continue;
    const probe = createServer().listen(port, '127.0.0.1');
    const isFree = await once(probe, 'listening').then(() => true, () => false);
    if (!isFree) continue;
    probe.close();
    await once(probe, 'close');
    return port;
  }
}
