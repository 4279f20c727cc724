import assert from 'node:assert/strict';
import { workflowTemplates } from '../../../../schemas/language/templates/workflow-templates.ts';
import { runAdvice } from '../../../../schemas/language/advice/run-advice.ts';
import { advisedProject } from '../../../../schemas/language/advice/advice.ts';
import { analyseFiles } from '../../../../schemas/workflow/analysis/analyse-files.ts';
import { analyseProject } from '../../../../schemas/workflow/analysis/analyse-project.ts';

describe('templates of workflows', () => {
  for (const { id, text, connections } of workflowTemplates) {
    it(`${id} is a workflow without a finding, twice in one project`, () => {
      const names = ['first', 'second'];
      const { workflows, diagnostics } = analyseProject([
        ...names.map((name) => ({ path: `.sluice/workflows/${name}.yaml`, text: text({ id: name, name: `The "${name}" one: #1` }) })),
        { path: '.sluice/connections.yaml', text: connections === '' ? 'connections: {}\n' : connections },
        { path: '.sluice/config.yaml', text: 'webhooks: { listen: "127.0.0.1:4681", public-url: https://hooks.example.com }\n' },
      ]);
      assert.deepEqual([...diagnostics.values()].flat().filter(({ code }) => code !== 'not-supported'), []);
      const alone = analyseFiles([{ path: 'first.sluice.yaml', text: text({ id: 'first', name: 'First' }) }], { partial: true });
      assert.deepEqual([...runAdvice(advisedProject(alone.byPath.values())).values()].flat(), [], 'advice');
      assert.deepEqual([...workflows.keys()], names);
      assert.equal(workflows.get('first')?.workflow.name, 'The "first" one: #1');
    });
  }
});
