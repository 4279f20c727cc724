import assert from 'node:assert/strict';
import { KeptWorkflows } from '../../../../daemon/core/kept-workflows.ts';

const text = 'steps:\n  send: { uses: no-longer/there, with: { url: https://a.example } }\n';

describe('the workflows that runs keep', () => {
  it('are understood once a version, whatever actions there are by now', () => {
    const workflows = new KeptWorkflows();
    assert.equal(workflows.known('v1'), undefined);
    const workflow = workflows.understand('v1', { workflow: 'letter', text });
    assert.equal(workflow.steps['send']?.uses, 'no-longer/there');
    assert.equal(workflows.understand('v1', { workflow: 'letter', text: 'not looked at' }), workflow);
    assert.equal(workflows.known('v1'), workflow);
  });

  it('are bounded: the one that was understood first goes', () => {
    const workflows = new KeptWorkflows(2);
    for (const version of ['v1', 'v2', 'v3']) workflows.understand(version, { workflow: 'letter', text });
    assert.deepEqual(['v1', 'v2', 'v3'].map((version) => workflows.known(version) !== undefined), [false, true, true]);
  });

  it('say why one of them can not be read', () => {
    assert.throws(() => new KeptWorkflows().understand('v1', { workflow: 'letter', text: 'steps: 5\n' }), /^Error: the kept workflow v1 can't be read: ./);
  });
});
