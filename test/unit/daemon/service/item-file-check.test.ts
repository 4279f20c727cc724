import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkItemFiles } from '../../../../daemon/service/item-file-check.ts';
import { analyseWorkflow } from '../../../../schemas/workflow/analysis/analyse-workflow.ts';
import type { JsonObject } from '../../../../schemas/workflow/json.ts';
import { english } from '../../../../schemas/wording/language.ts';

describe('item files of a run that is about to start', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sluice-items-'));
    mkdirSync(path.join(folder, 'data'));
    writeFileSync(path.join(folder, 'data', 'bad.csv'), `mail\n${'a@example.com\n'.repeat(3000)}b,c\n`);
    writeFileSync(path.join(folder, 'data', 'good.csv'), 'mail\na@example.com\n');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const check = (steps: string, inputs: JsonObject = {}): Promise<void> => {
    const { workflow, diagnostics } = analyseWorkflow({ text: `inputs: { list: {}, mode: {} }\nsteps:\n${steps}`, id: 'letter', actions: 'any' });
    assert.ok(workflow, english.paragraphOf(diagnostics.map(({ message }) => message)));
    return checkItemFiles({ workflow, inputs, projectFolder: folder, env: {}, now: 0 });
  };
  const first = '  first: { uses: test/scripted, with: {} }\n';
  const later = (file: string, more = ''): string => `${first}  later: { needs: [first], uses: test/scripted, ${more}foreach: { file: "${file}", on-item-failure: continue }, with: {} }\n`;
  const refused = { code: 'invalid-inputs', message: /^The items of the step later can't be read: "data\/bad\.csv": line 3002 has another number of fields \(2\) than the heading in line 1 \(1\), separated by ","\. Nothing was started\.$/ };

  it('of later steps are refused for a line deep in them, before anything is sent', async () => {
    await assert.rejects(check(later('data/bad.csv')), refused);
    await assert.rejects(check(later('data/${{ inputs.list }}.csv', 'if: "${{ success() && inputs.mode == 1 }}", '), { list: 'bad', mode: 1 }), refused);
    await check(later('data/good.csv'));
  });

  it('are checked as well beside another step that starts immediately', async () => {
    const both = `${first}  later: { uses: test/scripted, foreach: { file: data/bad.csv, on-item-failure: continue }, with: {} }\n`;
    await assert.rejects(check(both), refused);
    await check(both.replace(first, ''));
  });

  it('are left to their step where only the run can tell which they are, whether it is skipped, or whether they will be there', async () => {
    await check(later('data/${{ steps.first.output }}.csv'));
    await check(later('data/${{ run.id }}.csv'));
    await check(later('data/bad.csv', 'if: "${{ steps.first.output == 1 }}", '));
    await check(later('data/bad.csv', 'if: "${{ inputs.mode == 2 }}", '), { mode: 1 });
    await check(later('data/none.csv'));
  });
});
