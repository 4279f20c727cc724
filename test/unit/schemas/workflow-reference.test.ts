import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { referenceFile, workflowReference } from '../../../scripts/generate-reference.ts';
import { actionDefinitions } from '../../../schemas/workflow/actions/action-definitions.ts';
import { analyseWorkflow } from '../../../schemas/workflow/analysis/analyse-workflow.ts';
import { diagnosticCodes } from '../../../schemas/workflow/diagnostic-code.ts';

describe('docs/workflow-reference.md', () => {
  const page = workflowReference();

  it('is what the schemas say (else: npm run generate)', () => {
    assert.equal(readFileSync(referenceFile, 'utf8'), page);
  });

  it('has every action and every code, and leaves no placeholder', () => {
    for (const { name } of actionDefinitions) assert.ok(page.includes(`### ${name}\n`), name);
    for (const code of Object.keys(diagnosticCodes)) assert.ok(page.includes(`| \`${code}\` |`), code);
    assert.doesNotMatch(page.slice(page.indexOf('\n')), /<!--/);
  });

  it('begins with a workflow that is right', () => {
    const [, text = ''] = /```yaml\n(name: Hello[^]*?)```/.exec(page) ?? [];
    assert.deepEqual(analyseWorkflow({ text, id: 'hello', project: { queues: {}, connections: [] } }).diagnostics, []);
  });

  it('links to headings that exist', () => {
    const headings = new Set([...page.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => title.toLowerCase().replace(/[^a-z0-9 -]/g, '').replaceAll(' ', '-')));
    const links = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor = '']) => anchor);
    assert.ok(links.length > 3);
    assert.deepEqual(links.filter((anchor) => !headings.has(anchor)), []);
  });
});
