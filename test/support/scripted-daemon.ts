import { rm } from 'node:fs/promises';
import path from 'node:path';
import { createMessageConnection, ResponseError, type MessageConnection } from 'vscode-jsonrpc/node';
import { WebSocketServer } from 'ws';
import manifest from '../../package.json' with { type: 'json' };
import { writeDiscovery } from '../../daemon/state/discovery-file.ts';
import { SocketReader, SocketWriter } from '../../client/daemon-client.ts';
import type { DaemonStatus } from '../../schemas/protocol/daemon-status.ts';
import { CodedError, errorCodes } from '../../schemas/protocol/error.ts';
import type { MethodName, Params, Result } from '../../schemas/protocol/method.ts';
import type { Changed } from '../../schemas/protocol/subscription.ts';

export type Script = { [M in MethodName]?: (params: Params<M>) => Result<M> | Promise<Result<M>> };

export const scriptedToken = 'scripted-daemon-token';

/** A daemon that answers as a test tells it to, over the real protocol, and writes a real `daemon.json`. */
export class ScriptedDaemon {
  readonly port: number;
  readonly calls: { readonly method: string; readonly params: unknown }[] = [];
  readonly authorizations: (string | undefined)[] = [];
  readonly #server: WebSocketServer;
  readonly #project: string;
  readonly #connections = new Set<MessageConnection>();

  static async start(project: string, script: Script, { version = manifest.version, port = 0 } = {}): Promise<ScriptedDaemon> {
    const server = new WebSocketServer({ host: '127.0.0.1', port, path: '/rpc' });
    await new Promise((resolve) => server.once('listening', resolve));
    const daemon = new ScriptedDaemon(server, project, script, version);
    await writeDiscovery(project, { pid: process.pid, port: daemon.port, token: scriptedToken, version });
    return daemon;
  }

  private constructor(server: WebSocketServer, project: string, given: Script, version: string) {
    const script: Script = { 'daemon/status': () => this.status(version), ...given };
    this.#server = server;
    this.#project = project;
    const address = server.address();
    this.port = typeof address === 'object' && address !== null ? address.port : 0;
    server.on('connection', (socket, request) => {
      this.authorizations.push(request.headers.authorization);
      const connection = createMessageConnection(new SocketReader(socket), new SocketWriter(socket));
      connection.onRequest((method, params) => this.#answer(script, method, params));
      connection.onClose(() => this.#connections.delete(connection));
      connection.listen();
      this.#connections.add(connection);
    });
  }

  status(version: string): DaemonStatus {
    return {
      pid: process.pid,
      version,
      project: this.#project,
      endpoint: `http://127.0.0.1:${this.port}`,
      startedAt: '2026-11-24T09:00:00.000Z',
      uptimeMs: 3_600_000,
      durability: 'full',
      store: { ok: true, kind: 'embedded', bytes: 4096 },
      problems: 0,
      runs: { running: 0 },
      lateOutcomes: 0,
      queues: [],
    };
  }

  /** The params of all calls of a method, in order. */
  paramsOf(method: MethodName): readonly unknown[] {
    return this.calls.filter((call) => call.method === method).map(({ params }) => params);
  }

  notify(changed: Changed): void {
    for (const connection of this.#connections) void connection.sendNotification('changed', changed);
  }

  /** Ends every connection at once, as a crash does. */
  async crash(): Promise<void> {
    for (const socket of this.#server.clients) socket.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async stop(): Promise<void> {
    await this.crash();
    await rm(path.join(this.#project, '.sluice', 'state', 'daemon.json'), { force: true });
  }

  async #answer(script: Script, method: string, params: unknown): Promise<unknown> {
    this.calls.push({ method, params });
    const answer = Object.hasOwn(script, method) ? (script as Readonly<Record<string, (params: unknown) => unknown>>)[method] : undefined;
    try {
      if (answer === undefined) throw new CodedError('unknown-method', `There is no method ${method}.`);
      return await answer(params);
    } catch (error) {
      const coded = error instanceof CodedError ? error : new CodedError('internal', String(error));
      return new ResponseError(errorCodes[coded.code].number, coded.message, { code: coded.code, ...coded.data });
    }
  }
}
