import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import type { Server } from 'node:http';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import type { Choice } from '../../extension/dashboard/choice.ts';
import { launchChromium } from '../vscode/host/chromium.ts';
import { sampleFolder, sampleNow, sampleQueues, sampleSeries } from './dashboard-samples.ts';
import { openDashboard, servePage, type OpenDashboard } from './open-dashboard.ts';
import type { ThemeName } from './theme-variables.ts';

const pictures = path.resolve(import.meta.dirname, '../.artefacts/page');
const all: Choice = { folder: sampleFolder, range: '1h' };
const erp: Choice = { ...all, queue: 'erp' };

describe('the page of the dashboard, in a browser', () => {
  let browser: Browser;
  let server: Server;
  let origin: string;
  let open: OpenDashboard;

  before(async () => {
    await mkdir(pictures, { recursive: true });
    browser = await launchChromium();
    ({ origin, server } = await servePage());
  });

  after(async () => {
    await browser.close();
    server.close();
  });

  afterEach(async () => {
    assert.deepEqual(open.faults, []);
    await open.page.close();
  });

  const show = async (choice: Choice, theme: ThemeName = 'dark'): Promise<void> => {
    open = await openDashboard(browser, origin, theme);
    await open.tell({ kind: 'texts', texts: { language: 'en' } });
    await open.tell(sampleNow(choice));
    await open.tell(sampleSeries(choice));
    await open.page.locator('sluice-chart canvas').nth(3).waitFor();
  };

  for (const theme of ['dark', 'light', 'highContrast', 'highContrastLight'] as const) {
    it(`draws all queues and one under its content security policy, in the theme ${theme}`, async () => {
      await show(all, theme);
      await open.page.screenshot({ path: path.join(pictures, `${theme}-all.png`), fullPage: true });
      await open.tell(sampleNow(erp));
      await open.tell(sampleSeries(erp));
      await open.page.getByTestId('resume').or(open.page.getByTestId('pause')).waitFor();
      await open.page.screenshot({ path: path.join(pictures, `${theme}-erp.png`), fullPage: true });
    });

    it(`gives each line an opaque colour of its own in the theme ${theme}`, async () => {
      await show(all, theme);
      const swatches = await open.page.getByTestId('chart-depth').locator('.swatch').all();
      const strokes = await Promise.all(swatches.map(async (swatch) => (await swatch.getAttribute('stroke')) ?? ''));
      assert.equal(new Set(strokes).size, sampleQueues.length);
      for (const stroke of strokes) assert.match(stroke, /^rgba\(\d+, \d+, \d+, 1\)$/);
    });
  }

  for (const width of [1600, 1000, 700, 400]) {
    it(`leaves no hole among the figures, and shows a picture on the first screen, at a width of ${width} pixels`, async () => {
      await show(all);
      await open.page.setViewportSize({ width, height: 800 });
      await open.page.screenshot({ path: path.join(pictures, `width-${width}.png`) });
      const boxes = await Promise.all((await open.page.locator('.tile').all()).map((tile) => tile.boundingBox()));
      const tiles = boxes.flatMap((box) => box ?? []);
      assert.equal(tiles.length, 7);
      const rows = Map.groupBy(tiles, ({ y }) => y);
      const ends = [...rows.values()].map((row) => Math.max(...row.map(({ x, width: tileWidth }) => Math.round(x + tileWidth))));
      assert.equal(new Set(ends).size, 1, 'each row reaches to the edge');
      const chart = await open.page.getByTestId('chart-depth').boundingBox();
      assert.ok(chart !== null && chart.y < 500, String(chart?.y));
    });
  }

  for (const [width, columns] of [[2200, 2], [1600, 2], [1400, 2], [1000, 2], [700, 1]] as const) {
    it(`has ${columns} of its four pictures in each row at a width of ${width} pixels`, async () => {
      await show(all);
      await open.page.setViewportSize({ width, height: 800 });
      const boxes = await Promise.all((await open.page.locator('.charts > .chart').all()).map((picture) => picture.boundingBox()));
      const rows = Map.groupBy(boxes, (box) => Math.round(box?.y ?? 0));
      assert.deepEqual([...rows.values()].map((row) => row.length), Array.from({ length: 4 / columns }, () => columns));
    });
  }

  it('asks for what is chosen: a queue by the list or its row, and a range', async () => {
    await show(all);
    await open.page.getByTestId('queue').selectOption('erp');
    await open.page.getByRole('button', { name: 'esp' }).click();
    await open.page.getByRole('radio', { name: '24 hours' }).check({ force: true });
    assert.deepEqual(await open.posted(), [
      { kind: 'ready' },
      { kind: 'choose', choice: { folder: sampleFolder, range: '1h', queue: 'erp' } },
      { kind: 'choose', choice: { folder: sampleFolder, range: '1h', queue: 'esp' } },
      { kind: 'choose', choice: { folder: sampleFolder, range: '24h' } },
    ]);
  });

  it('reads a picture out by keyboard, in every picture at once', async () => {
    await show(erp);
    const depth = open.page.getByRole('slider', { name: 'Depth: a point in time' });
    const newest = await depth.getAttribute('aria-valuenow');
    await depth.focus();
    await depth.press('PageDown');
    await open.page.locator(`sluice-chart[aria-valuenow="${Number(newest) - 10}"]`).nth(3).waitFor();
    assert.match((await depth.getAttribute('aria-valuetext')) ?? '', /^\d\d:\d\d:\d\d, Active: \d+, Pending: \d+, Delayed: \d+$/);
  });

  it('shows a picture as a table instead', async () => {
    await show(erp);
    await open.page.getByTestId('as-table-throughput').click();
    const table = open.page.getByTestId('chart-throughput').getByRole('table');
    await table.waitFor();
    assert.deepEqual(await table.getByRole('columnheader').allInnerTexts(), ['Time', 'Succeeded', 'Arrived', 'Failed']);
  });

  it('says how many dead letters have an edit that was saved and not sent', async () => {
    await show(all);
    assert.deepEqual(await open.page.getByTestId('dead-letters').getByTestId('edited').allInnerTexts(), ['3 edited, not sent']);
    assert.match(await open.page.getByTestId('tiles').innerText(), /3 edited, not sent/);
  });

  it('leads from a cause of dead letters to their replay, and from a stopped daemon to its start', async () => {
    await show(all);
    await open.page.getByTestId('dead-letters').getByRole('button', { name: 'Replay…' }).first().click();
    await open.tell(sampleNow(all, { connection: 'stopped' }));
    await open.page.getByTestId('startDaemon').click();
    assert.deepEqual((await open.posted()).slice(1), [
      { kind: 'act', act: 'replayGroup', queue: 'erp', group: 'http/request: 503 Service Unavailable' },
      { kind: 'act', act: 'startDaemon' },
    ]);
  });
});
