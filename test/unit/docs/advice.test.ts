import assert from 'node:assert/strict';
import { adviceCodes, type AdviceKind, advisedProject } from '../../../schemas/language/advice/advice.ts';
import { runAdvice } from '../../../schemas/language/advice/run-advice.ts';
import { analyseFiles } from '../../../schemas/workflow/analysis/analyse-files.ts';
import { codeBlocksOf, pages } from './doc-pages.ts';

/** What needs figures that no file has. */
const watched: readonly string[] = ['rate-out-of-reach'];

describe('docs/advice.md', () => {
  const page = pages.get('docs/advice.md') ?? '';
  const [, ...sections] = page.split(/^## /m);
  const byCode = new Map(sections.map((section) => [section.slice(0, section.indexOf('\n')), section]));

  it('has a section for every code, in the order of the table, and for nothing else', () => {
    assert.deepEqual([...byCode.keys()], Object.keys(adviceCodes));
  });

  for (const [code, kind] of Object.entries(adviceCodes) as [string, AdviceKind][]) {
    it(`says of ${code} how severe it is, and shows it`, () => {
      const section = byCode.get(code) ?? '';
      assert.match(section, kind.severity === 'warning' ? /\n\nWarning/ : /\n\nNote\./);
      if (watched.includes(code)) return;
      const examples = codeBlocksOf(section).map(({ text }) => adviceOn(text).includes(code));
      assert.deepEqual(examples, [true, false], 'an example that gets it, and one that does not');
    });
  }
});

describe('the workflows of the first pages', () => {
  for (const page of ['README.md', 'docs/getting-started.md']) {
    it(`follow all advice: ${page}`, () => {
      const workflows = codeBlocksOf(pages.get(page) ?? '').filter(({ language }) => language === 'yaml');
      assert.ok(workflows.length > 0);
      assert.deepEqual(workflows.flatMap(({ text }) => adviceOn(text)), []);
    });
  }
});

/** Of the connection that examples name. */
const connections = { path: '.sluice/connections.yaml', text: 'connections:\n  crm: { type: http, url: "https://api.crm.example", rate: 10/s }\n' };

function adviceOn(text: string): readonly string[] {
  const files = [{ path: 'page.sluice.yaml', text }, ...(text.includes('connection: crm') ? [connections] : [])];
  const found = runAdvice(advisedProject(analyseFiles(files, { partial: true }).byPath.values()));
  return [...found.values()].flat().map(({ code }) => code);
}
