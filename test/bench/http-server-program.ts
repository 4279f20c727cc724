import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * The server that HTTP jobs are measured against, in a process of its own: the number in the path, `/10/people`, is how many
 * milliseconds it takes to answer. Says its port, and ends with its parent.
 */
const body = JSON.stringify({ ok: true, name: 'a small answer' });
const server = createServer((request, response) => {
  request.resume();
  const waitMs = Number(/^\/(\d+)\//.exec(request.url ?? '')?.[1] ?? 0);
  if (waitMs === 0) answer(response);
  else setTimeout(answer, waitMs, response);
});

function answer(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
}

server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());
