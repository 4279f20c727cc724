import assert from 'node:assert/strict';
import type { Diagnostic } from '../../../schemas/workflow/diagnostic.ts';
import { analyseConfig, analyseConnections } from '../../../schemas/workflow/analysis/analyse-connections.ts';
import { analyseQueues } from '../../../schemas/workflow/analysis/queue-analysis.ts';
import { analyseWorkflow } from '../../../schemas/workflow/analysis/analyse-workflow.ts';
import { codeBlocksOf, pages } from './doc-pages.ts';

describe('YAML in the documentation', () => {
  const blocks = [...pages].flatMap(([file, page]) => codeBlocksOf(page).filter(({ language }) => language === 'yaml').map((block) => ({ file, ...block })));

  for (const { file, line, text } of blocks) {
    it(`${file}:${line} is valid as it stands`, () => {
      // Advice is given about what is not carried out yet as well.
      const found = diagnosticsOf(text).filter(({ code }) => file !== 'docs/advice.md' || code !== 'not-supported');
      assert.deepEqual(found.map(({ message }) => message), []);
    });
  }

  it('is found at all, and a fault in any kind of it is seen (control)', () => {
    assert.ok(blocks.some(({ file, text }) => file === 'README.md' && text.includes('\nsteps:')));
    const wrong = [
      'steps:\n  a: { uses: http/reqest, with: { url: "https://example.com" } }\n',
      'queues:\n  a: { rate: 5 }\n',
      'connections:\n  a: { type: smtp }\n',
      'durability: most\n',
      '    foreach:\n      items: [1]\n',
      'no-such-key: 1\n',
    ];
    assert.deepEqual(wrong.filter((text) => diagnosticsOf(text).length === 0), []);
  });
});

/** What a block is shows in its keys; one that is indented is a part of a step. A payload stands alone, and has a `url`. */
function diagnosticsOf(text: string): readonly Diagnostic[] {
  if (text.startsWith('    ')) {
    return analyseWorkflow({ id: 'part', text: `steps:\n  one:\n    uses: http/request\n    with: { url: "https://example.com" }\n${text}` }).diagnostics;
  }
  if (/^steps:/m.test(text)) return analyseWorkflow({ id: 'whole', text }).diagnostics;
  if (/^queues:/m.test(text)) return analyseQueues(text).diagnostics;
  if (/^connections:/m.test(text)) return analyseConnections(text, undefined).diagnostics;
  if (/^url:/m.test(text)) {
    const indented = text.replace(/^(?=.)/gm, '      ');
    return analyseWorkflow({ id: 'payload', text: `steps:\n  one:\n    uses: webhook/send\n    with:\n${indented}` }).diagnostics;
  }
  return analyseConfig(text).diagnostics;
}
