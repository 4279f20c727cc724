import '../../support/own-home.ts';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { connectIfRunning } from '../../../client/find-daemon.ts';
import type { DaemonClient } from '../../../client/daemon-client.ts';
import { Daemon } from '../../../daemon/daemon.ts';
import type { DeliveryDetail } from '../../../schemas/protocol/delivery.ts';
import type { DaemonStatus } from '../../../schemas/protocol/daemon-status.ts';
import { TemporaryProject } from '../../unit/daemon/cli/temporary-project.ts';

export interface HookAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  /** Of the delivery, where the answer names one. */
  readonly id: string | undefined;
}

/** A project whose real daemon listens for webhooks, in this process. */
export class WebhookProject {
  readonly #project: TemporaryProject;
  readonly #env: NodeJS.ProcessEnv;
  #daemon: Daemon | undefined;
  #client: DaemonClient | undefined;

  static async start({ files, env = {} }: { readonly files: Readonly<Record<string, string>>; readonly env?: NodeJS.ProcessEnv }): Promise<WebhookProject> {
    const project = new WebhookProject(await TemporaryProject.make(), env);
    for (const [file, text] of Object.entries({ '.sluice/config.yaml': 'webhooks: { listen: "127.0.0.1:0" }\n', ...files })) await project.write(file, text);
    await project.startDaemon();
    return project;
  }

  private constructor(project: TemporaryProject, env: NodeJS.ProcessEnv) {
    this.#project = project;
    this.#env = env;
  }

  get folder(): string {
    return this.#project.folder;
  }

  get client(): DaemonClient {
    if (this.#client === undefined) throw new Error('the daemon has not been started');
    return this.#client;
  }

  async startDaemon(): Promise<void> {
    this.#daemon = new Daemon({ projectFolder: this.folder, env: { ...process.env, ...this.#env } });
    await this.#daemon.start();
    const connected = await connectIfRunning(this.folder);
    if (connected === undefined) throw new Error('no daemon answers');
    this.#client = connected.client;
  }

  async stopDaemon(): Promise<void> {
    await this.#client?.close();
    await this.#daemon?.stop();
  }

  async stop(): Promise<void> {
    await this.stopDaemon();
    await this.#project.remove();
  }

  async write(file: string, text: string): Promise<void> {
    const absolute = path.join(this.folder, file);
    await mkdir(path.dirname(absolute), { recursive: true });
    await writeFile(absolute, text);
  }

  status(): Promise<DaemonStatus> {
    return this.client.call('daemon/status', {});
  }

  async url(hook: string): Promise<string> {
    const { webhooks } = await this.status();
    return `${webhooks?.url ?? ''}${hook}`;
  }

  async post(hook: string, body: string | Buffer, headers: Readonly<Record<string, string>> = {}): Promise<HookAnswer> {
    return postTo(await this.url(hook), body, headers);
  }

  delivery(id: string | undefined): Promise<DeliveryDetail> {
    return this.client.call('delivery/get', { id: id ?? '' });
  }
}

export async function postTo(url: string, body: string | Buffer, headers: Readonly<Record<string, string>> = {}): Promise<HookAnswer> {
  const response = await fetch(url, { method: 'POST', body: typeof body === 'string' ? body : new Uint8Array(body), headers: { 'content-type': 'application/json', ...headers } });
  const text = await response.text();
  return { status: response.status, text, headers: response.headers, id: /"id":"(d\d+)"/.exec(text)?.[1] };
}
