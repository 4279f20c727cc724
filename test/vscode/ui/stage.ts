import { cp, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { HttpSink, type Responder } from '../../support/http-sink.ts';
import { launchChromium } from '../host/chromium.ts';
import { VsCodeServer } from '../host/vscode-server.ts';
import { Workbench } from './pages/workbench.ts';
import { artefacts, prepareStages } from './prepare-stages.ts';

/** A VS Code with the packaged extension installed, a browser for its windows, and a server that workflows call. */
export class Stage {
  readonly #server: VsCodeServer;
  readonly #browser: Browser;
  readonly #sink: HttpSink;
  /** Of the server that workflows call. */
  readonly url: string;
  readonly #open: Workbench[] = [];

  static async open(): Promise<Stage> {
    const vsix = process.env['SLUICE_TEST_VSIX'] ?? (await prepareStages());
    const server = await VsCodeServer.start({ vsix });
    try {
      const sink = new HttpSink();
      const { url } = await sink.start();
      return new Stage(server, await launchChromium(), sink, url);
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  private constructor(server: VsCodeServer, browser: Browser, sink: HttpSink, url: string) {
    this.#server = server;
    this.#browser = browser;
    this.#sink = sink;
    this.url = url;
  }

  /** How that server answers from now on. */
  respond(responder: Responder): void {
    this.#sink.respond = responder;
  }

  get requests(): HttpSink['requests'] {
    return this.#sink.requests;
  }

  /** A folder of its own. `files`: texts by their paths in it. */
  async folder(name: string, files: Readonly<Record<string, string>> = {}): Promise<string> {
    const folder = path.join(await mkdtemp(path.join(this.#server.folder, 'journey-')), name);
    await mkdir(folder);
    for (const [file, text] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
      await writeFile(path.join(folder, file), text);
    }
    return folder;
  }

  /** A window on a folder. */
  async window(folder: string): Promise<Workbench> {
    const page = await this.#browser.newPage({ viewport: { width: 1280, height: 800 } });
    const workbench = new Workbench(page, { folder, artefacts });
    this.#open.push(workbench);
    await workbench.load(this.#server.address(folder));
    return workbench;
  }

  /** What there is to look at when a test has failed: pictures of all windows, and their logs. */
  async keepEvidence(test: string): Promise<void> {
    const folder = path.join(artefacts, 'failed', test.replaceAll(/[^a-z0-9]+/gi, '-').slice(0, 80));
    await mkdir(folder, { recursive: true });
    for (const [index, workbench] of this.#open.entries()) {
      await workbench.picture(path.join(folder, `window-${index + 1}.png`)).catch(() => undefined);
      await writeFile(path.join(folder, `window-${index + 1}.log`), workbench.log.join('\n'));
      await cp(path.join(workbench.folder, '.sluice', 'state', 'daemon.log'), path.join(folder, `daemon-${index + 1}.log`)).catch(() => undefined);
    }
    await this.#server.keepLogs(path.join(folder, 'vscode')).catch(() => undefined);
  }

  async closeWindows(): Promise<void> {
    for (const workbench of this.#open.splice(0)) await workbench.close();
  }

  async close(): Promise<void> {
    await this.closeWindows();
    await this.#browser.close();
    await this.#sink.stop();
    await this.#server.stop();
  }
}
