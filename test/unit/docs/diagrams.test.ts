import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { architectureFile, stateDiagram, withDiagrams } from '../../../scripts/generate-diagrams.ts';

describe('the state machines in docs/architecture.md', () => {
  it('are those of daemon/core/state-machine.ts (else: node scripts/generate-diagrams.ts)', () => {
    const page = readFileSync(architectureFile, 'utf8');
    assert.equal(page, withDiagrams(page));
  });

  it('show every move once, with all events that make it, and the end of what nothing leaves', () => {
    const machine = {
      states: ['a', 'b', 'c'],
      moves: { go: [{ from: 'a', to: 'b' }], run: [{ from: 'a', to: 'b' }], stop: [{ from: 'b', to: 'c' }] },
      begins: { a: 'made' },
    };
    assert.equal(stateDiagram(machine), '```mermaid\nstateDiagram-v2\n  [*] --> a : made\n  a --> b : go, run\n  b --> c : stop\n  c --> [*]\n```');
  });
});
