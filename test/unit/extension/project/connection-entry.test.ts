import assert from 'node:assert/strict';
import { withConnection } from '../../../../extension/project/project.ts';
import { analyseProject } from '../../../../schemas/workflow/analysis/analyse-project.ts';

function connectionsIn(text: string | undefined): readonly string[] {
  const { connections, diagnostics } = analyseProject([{ path: '.sluice/connections.yaml', text: text ?? '' }]);
  assert.deepEqual([...diagnostics.values()].flat(), [], text);
  return [...connections.keys()];
}

describe('an entry in connections.yaml', () => {
  it('is made with its file', () => {
    const text = withConnection(undefined, 'esp');
    assert.deepEqual(connectionsIn(text), ['esp']);
    assert.match(text ?? '', /^# SMTP servers.*\nconnections:\n {2}esp:\n {4}type: smtp\n/);
  });

  it('goes below the others, and leaves comments alone', () => {
    const text = withConnection('# ours\nconnections:\n  office: { type: smtp, host: h, from: a@b.c } # in the cellar\n', 'esp');
    assert.deepEqual(connectionsIn(text), ['office', 'esp']);
    assert.match(text ?? '', /^# ours\nconnections:\n {2}office: \{ type: smtp, host: h, from: a@b\.c \} # in the cellar\n {2}esp:\n/);
  });

  it('is made in the empty file of a new project', () => {
    const text = withConnection('# SMTP servers.\nconnections: {}\n#  mail: { type: smtp }\n', 'esp');
    assert.deepEqual(connectionsIn(text), ['esp']);
    assert.match(text ?? '', /#\s+mail: \{ type: smtp \}/);
    assert.deepEqual(connectionsIn(withConnection('connections:\n', 'esp')), ['esp']);
  });

  it('is left out where it is there, or where the file is broken', () => {
    for (const text of ['connections: { esp: { type: smtp, host: h } }\n', 'connections: [', '- a\n', 'connections: 1\n']) assert.equal(withConnection(text, 'esp'), undefined, text);
  });
});
