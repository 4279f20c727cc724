import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The server that HTTP jobs are measured against, in a process of its own. Says its port, and ends with its parent. */
const body = JSON.stringify({ ok: true, name: 'a small answer' });
const server = createServer((request, response) => {
  request.resume();
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());
