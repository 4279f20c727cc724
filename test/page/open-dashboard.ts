import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { dashboardHtml } from '../../extension/dashboard/dashboard-html.ts';
import type { MessageToPage } from '../../extension/dashboard/dashboard-message.ts';
import { webviewThemes, type ThemeName } from './theme-variables.ts';

const dist = path.resolve(import.meta.dirname, '../../dist');

/** Serves the built page as a webview would have it: the same HTML and content security policy, from another origin than the files'. */
export async function servePage(): Promise<{ readonly origin: string; readonly server: Server }> {
  const server = createServer((request, response) => {
    const file = /^\/(dashboard\.(?:js|css))$/.exec(request.url ?? '')?.[1];
    const { port } = server.address() as { readonly port: number };
    const origin = `http://127.0.0.1:${port}`;
    if (file === undefined) {
      response.setHeader('content-type', 'text/html');
      response.end(dashboardHtml({ source: origin, script: `${origin}/dashboard.js`, style: `${origin}/dashboard.css`, title: 'Dashboard', language: 'en', nonce: 'dGVzdA==' }));
      return;
    }
    response.setHeader('content-type', file.endsWith('css') ? 'text/css' : 'text/javascript');
    void readFile(path.join(dist, file)).then((bytes) => response.end(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { origin: `http://127.0.0.1:${(server.address() as { readonly port: number }).port}`, server };
}

export interface OpenDashboard {
  readonly page: Page;
  /** What went wrong in the page, refusals of the content security policy among it. */
  readonly faults: readonly string[];
  tell(message: MessageToPage): Promise<void>;
  /** What the page sent to the extension. */
  posted(): Promise<readonly unknown[]>;
}

/** The page in a theme, which VS Code's side of a webview is played for. */
export async function openDashboard(browser: Browser, origin: string, theme: ThemeName): Promise<OpenDashboard> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
  const faults: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(error.message));
  const { bodyClass, variables } = webviewThemes[theme];
  // As text, because it runs in the browser.
  await page.addInitScript(`
    window.posted = [];
    window.acquireVsCodeApi = () => ({ postMessage: (message) => window.posted.push(message), setState: () => undefined });
    addEventListener('DOMContentLoaded', () => {
      document.body.className = ${JSON.stringify(bodyClass)};
      for (const [name, value] of Object.entries(${JSON.stringify(variables)})) document.documentElement.style.setProperty('--vscode-' + name, value);
    });
  `);
  await page.goto(origin);
  return {
    page,
    faults,
    tell: async (message) => {
      await page.evaluate(`window.postMessage(${JSON.stringify(message)}, '*')`);
    },
    posted: () => page.evaluate('window.posted'),
  };
}
