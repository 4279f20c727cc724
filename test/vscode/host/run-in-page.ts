import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { launchChromium } from './chromium.ts';
import { VsCodeServer } from './vscode-server.ts';

export interface RunInPageOptions {
  readonly extensionDevelopmentPath: string;
  /** A program that exports `run()`. */
  readonly extensionTestsPath: string;
  /** A folder or a `.code-workspace` file; undefined for a window without. */
  readonly opened: string | undefined;
  readonly trustsAll: boolean;
  /** Folders with projects that are gone afterwards, whatever happens. */
  readonly alsoRemove: readonly string[];
  /** Where a picture of the window and the logs go if the tests fail. */
  readonly artefacts: string;
}

/** Several times what it takes on a machine that does nothing else. */
const limitMs = 30 * 60_000;

/** Runs tests inside the extension host of a VS Code whose window is a page. Answers as the `code` command does: 0 where `run()` resolved. */
export async function runInPage({ extensionDevelopmentPath, extensionTestsPath, opened, trustsAll, alsoRemove, artefacts }: RunInPageOptions): Promise<number> {
  const server = await VsCodeServer.start({ isForTests: true, trustsAll, alsoRemove });
  try {
    const workspace = opened?.endsWith('.code-workspace') === true ? opened : undefined;
    if (workspace !== undefined) await server.cacheWorkspace(workspace);
    const browser = await launchChromium();
    try {
      const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
      const { promise: ended, resolve, reject } = Promise.withResolvers<number>();
      const timer = setTimeout(() => reject(new Error(`the tests did not end within ${limitMs} ms`)), limitMs);
      page.on('crash', () => reject(new Error('the page crashed')));
      // VS Code calls it when the extension host that ran the tests has ended.
      await page.exposeFunction('codeAutomationExit', resolve);
      await page.exposeFunction('codeAutomationLog', () => undefined);
      const payload = [
        ['extensionDevelopmentPath', server.remoteUri(extensionDevelopmentPath)],
        ['extensionTestsPath', server.remoteUri(extensionTestsPath)],
      ] as const;
      await page.goto(server.address(opened, payload), { waitUntil: 'commit' });
      const code = await ended.catch(async (error: unknown) => {
        console.error(error instanceof Error ? error.message : error);
        return 1;
      });
      clearTimeout(timer);
      if (workspace !== undefined) await server.checkWorkspaceCache(workspace);
      if (code !== 0) {
        await mkdir(artefacts, { recursive: true });
        await page.screenshot({ path: path.join(artefacts, 'window.png') }).catch(() => undefined);
        await server.keepLogs(path.join(artefacts, 'logs'));
        console.error(`A picture of the window and its logs are in ${artefacts}`);
      }
      return code;
    } finally {
      await browser.close();
    }
  } finally {
    await server.stop();
  }
}
