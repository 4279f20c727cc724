import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../support/free-port.ts';

const lookEveryMs = 20;

/** nginx with one worker that answers each request with 202 and keeps nothing: what HTTP alone costs on this machine. `work` gets undefined if there is no nginx. */
export async function withNginx<Value>(work: (port: number | undefined) => Promise<Value>): Promise<Value> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sluice-bench-nginx-'));
  const port = await freePort();
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${path.join(folder, name)};`).join(' ');
  await writeFile(
    path.join(folder, 'nginx.conf'),
    `daemon off; master_process off; pid ${path.join(folder, 'pid')}; error_log stderr crit;
events { worker_connections 1024; }
http { access_log off; keepalive_requests 100000000; ${places} server { listen 127.0.0.1:${port}; location / { default_type application/json; return 202 '{"id":"d1"}\\n'; } } }\n`,
  );
  const child = spawn('nginx', ['-p', folder, '-c', path.join(folder, 'nginx.conf')], { stdio: 'ignore' });
  const ended = Promise.race([once(child, 'exit'), once(child, 'error')]).catch(() => undefined);
  try {
    return await work((await isListening(port, ended)) ? port : undefined);
  } finally {
    child.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  }
}

/** False if it has ended before. */
async function isListening(port: number, ended: Promise<unknown>): Promise<boolean> {
  const end = new AbortController();
  void ended.then(() => end.abort());
  while (!end.signal.aborted) {
    if (await canConnect(port)) return true;
    await delay(lookEveryMs);
  }
  return false;
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
