import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { listProjectFiles } from '../../platform/project-reader.ts';
import { campaign } from '../../examples/campaign/campaign.ts';
import { dealClosed } from '../../examples/deal-closed/deal-closed.ts';
import { enrichment } from '../../examples/enrichment/enrichment.ts';
import type { ExampleContext, ExampleReport } from '../../examples/running/example.ts';
import { Narrator } from '../../examples/running/narrator.ts';
import { analyseProject } from '../../schemas/workflow/analysis/analyse-project.ts';
import { commandProgram } from '../support/tested-programs.ts';

const root = path.resolve(import.meta.dirname, '../..');
const examples = path.join(root, 'examples');
const limitMs = 180_000;

describe('the example projects', () => {
  const projects = readdirSync(examples, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name === '.sluice')
    .map(({ parentPath }) => parentPath);

  it('are all of those that have a program', () => {
    assert.deepEqual(projects.map((folder) => path.basename(folder)).sort(), ['campaign', 'deal-closed', 'enrichment']);
  });

  for (const folder of projects) {
    it(`have no error and no warning: ${path.basename(folder)}`, async () => {
      const { files } = await listProjectFiles(folder);
      const { workflows, diagnostics } = analyseProject(
        await Promise.all(files.map(async ({ file, path: place }) => ({ path: file, text: await readFile(place, 'utf8') }))),
      );
      assert.ok(workflows.size > 0);
      assert.deepEqual([...diagnostics].filter(([, found]) => found.length > 0), []);
    });
  }
});

/** Each runs the command and its daemon, and asserts on what the receivers have in their own record. */
describe('the examples, at a tiny size', function () {
  this.timeout(limitMs);
  this.slow(30_000);

  function context(): ExampleContext {
    return { narrator: Narrator.silent(), signal: AbortSignal.timeout(limitMs - 10_000), command: [commandProgram] };
  }

  function assertAllFound({ findings }: ExampleReport): void {
    assert.deepEqual(findings.filter(({ ok }) => !ok), []);
  }

  it('campaign: everybody gets one e-mail, never faster than allowed, and a password reset overtakes them', async () => {
    const size = { recipients: 450, limit: 400, perMs: 8_000, rate: '{ limit: 400, per: 8s }', delays: '[1s, 5s, 25s]' };
    const report = await campaign.run(size, context());
    assertAllFound(report);
    // 449 of the list, a test letter and a reset; the address that doesn't exist and the four that are put off.
    assert.deepEqual([report.arrived, report.twice, report.jobs, report.attempts], [451, 0, 452, 456]);
  });

  it('deal-closed: an outage is waited out, a dead letter is fixed and its run continues, another is given up', async () => {
    const size = { minuteMs: 30, delays: '[30ms, 150ms, 900ms, 3600ms]', delaysMs: [30, 150, 900, 3_600], downMinutes: 20 };
    const report = await dealClosed.run(size, context());
    assertAllFound(report);
    // Five invoices, five events at the warehouse, seven messages in the chat, two of them alarms.
    assert.deepEqual([report.arrived, report.twice, report.jobs], [17, 0, 18]);
  });

  it('enrichment: a kill -9 loses nothing, repeats only what was open, and breaks no limit', async () => {
    const size = { contacts: 90, limit: 70, perMs: 8_000, rate: '{ limit: 70, per: 8s }', delays: '[1s, 5s, 25s]' };
    const report = await enrichment.run(size, context());
    assertAllFound(report);
    assert.deepEqual([report.arrived, report.jobs], [90, 91]);
  });
});
