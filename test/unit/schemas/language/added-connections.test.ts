import assert from 'node:assert/strict';
import { withConnections } from '../../../../schemas/language/templates/added-connections.ts';
import { analyseProject } from '../../../../schemas/workflow/analysis/analyse-project.ts';

const esp = 'connections:\n  esp:\n    # of the provider\n    type: smtp\n    host: smtp.example.com\n    from: a@b.c\n';

function connectionsIn(text: string | undefined): readonly string[] {
  const { connections, diagnostics } = analyseProject([{ path: '.sluice/connections.yaml', text: text ?? '' }]);
  assert.deepEqual([...diagnostics.values()].flat(), [], text);
  return [...connections.keys()];
}

describe('entries that are added to connections.yaml', () => {
  it('make the file if there is none', () => {
    const made = withConnections(undefined, esp);
    assert.deepEqual([connectionsIn(made?.text), made?.added], [['esp'], ['esp']]);
    assert.match(made?.text ?? '', /^# The systems.*\nconnections:\n {2}esp:\n {4}# of the provider\n {4}type: smtp\n/);
  });

  it('go below the others, and leave comments alone', () => {
    const made = withConnections('# ours\nconnections:\n  office: { type: smtp, host: h, from: a@b.c } # in the cellar\n', esp);
    assert.deepEqual(connectionsIn(made?.text), ['office', 'esp']);
    assert.match(made?.text ?? '', /^# ours\nconnections:\n {2}office: \{ type: smtp, host: h, from: a@b\.c \} # in the cellar\n {2}esp:\n/);
  });

  it('go into maps that are empty, or written in one line', () => {
    const made = withConnections('# SMTP servers.\nconnections: {}\n#  mail: { type: smtp }\n', esp);
    assert.deepEqual(connectionsIn(made?.text), ['esp']);
    assert.match(made?.text ?? '', /#\s+mail: \{ type: smtp \}/);
    assert.deepEqual(connectionsIn(withConnections('connections:\n', esp)?.text), ['esp']);
    assert.deepEqual(connectionsIn(withConnections('connections: { office: { type: smtp, host: h, from: a@b.c } }\n', esp)?.text), ['office', 'esp']);
  });

  it('are left out where they are there, and a broken file is left alone', () => {
    const text = 'connections: { esp: { type: smtp,   host: h } }\n';
    assert.deepEqual(withConnections(text, esp), { text, added: [], kept: ['esp'] });
    for (const broken of ['connections: [', '- a\n', 'connections: 1\n']) assert.equal(withConnections(broken, esp), undefined, broken);
  });
});
