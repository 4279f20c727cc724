/**
 * Broken files and what is said about them. Each file of `golden/` ends with a comment block that lists its findings:
 *
 *     # expected
 *     # 2:3-2:8 error unknown-key: 'stepz' is not a key of a workflow. Did you mean 'steps'?
 *     #   suggests: steps
 *
 * The block is taken off before the file is read. The name's first word says which kind of file it is.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { analyseConfig } from '../../../schemas/workflow/analysis/analyse-config.ts';
import { analyseConnections } from '../../../schemas/workflow/analysis/analyse-connections.ts';
import { analyseQueues } from '../../../schemas/workflow/analysis/analyse-queues.ts';
import { analyseWorkflow } from '../../../schemas/workflow/analysis/analyse-workflow.ts';
import type { Diagnostic } from '../../../schemas/workflow/diagnostic.ts';
import { diagnosticCodes } from '../../../schemas/workflow/diagnostic-code.ts';
import { LineMap } from '../../../schemas/workflow/line-map.ts';

const folder = path.join(import.meta.dirname, 'golden');
const project = { queues: { shared: { name: 'shared' } }, connections: ['esp'], secrets: ['TOKEN'], env: ['REGION'] };
const marker = '# expected\n';

const analyses: Readonly<Record<string, (text: string) => readonly Diagnostic[]>> = {
  workflow: (text) => analyseWorkflow({ text, id: 'golden', project }).diagnostics,
  queues: (text) => analyseQueues(text).diagnostics,
  connections: (text) => analyseConnections(text, project.secrets).diagnostics,
  config: (text) => analyseConfig(text).diagnostics,
};

describe('broken files', () => {
  const names = readdirSync(folder).filter((name) => name.endsWith('.yaml')).sort();

  it('are many, and show nearly every code', () => {
    assert.ok(names.length >= 60, `${names.length} files`);
    const shown = new Set(names.flatMap((name) => findings(name).found.map(({ code }) => code)));
    // These two need several files: see analyse-project.test.ts. Those two need large ones: see document.test.ts.
    const elsewhere = ['duplicate-queue', 'duplicate-workflow', 'too-large', 'too-deep'];
    assert.deepEqual(Object.keys(diagnosticCodes).filter((code) => !shown.has(code as Diagnostic['code'])).sort(), elsewhere.sort());
  });

  for (const name of names) {
    it(name.replace(/\.yaml$/, ''), () => {
      const { text, expected, found } = findings(name);
      assert.ok(found.length > 0, 'nothing is wrong with this file');
      assert.equal(written(text, found), expected);
    });
  }
});

function findings(name: string): { text: string; expected: string; found: readonly Diagnostic[] } {
  const [text = '', expected = ''] = readFileSync(path.join(folder, name), 'utf8').split(marker);
  const analyse = analyses[name.split('-')[0] ?? ''];
  assert.ok(analyse, `${name} begins with none of ${Object.keys(analyses).join(', ')}`);
  return { text, expected, found: analyse(text) };
}

function written(text: string, found: readonly Diagnostic[]): string {
  const lines = new LineMap(text);
  const place = (offset: number): string => `${lines.positionAt(offset).line}:${lines.positionAt(offset).column}`;
  return found
    .map(({ severity, code, message, range, suggestions = [] }) => {
      const suggests = suggestions.length === 0 ? '' : `#   suggests: ${suggestions.join(' | ')}\n`;
      return `# ${place(range.start)}-${place(range.end)} ${severity} ${code}: ${message}\n${suggests}`;
    })
    .join('');
}
