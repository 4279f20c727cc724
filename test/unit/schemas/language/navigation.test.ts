import assert from 'node:assert/strict';
import { findDefinition, findReferences, highlight } from '../../../../schemas/language/navigation.ts';
import { main, marked, offsetsOf, type MarkedRange } from './marked.ts';

const queuesFile = '.sluice/queues.yaml';
const connectionsFile = '.sluice/connections.yaml';
const configFile = '.sluice/config.yaml';

/** Every place where each kind of name can stand; the cursor goes to each of the marked ones in turn. */
const places: Readonly<Record<string, string | Readonly<Record<string, string>>>> = {
  'an input': `inputs:
  ⟦list⟧: { type: array }
  other: {}
required: [⟦list⟧]
steps:
  a:
    if: size(inputs.⟦list⟧) > 0 && inputs['⟦list⟧'] != null
    foreach: { items: "\${{ inputs.⟦list⟧ }}", on-item-failure: fail }
    uses: http/request
    with: { url: "x\${{ inputs.⟦list⟧[0] }}\${{ inputs.other }}", query: { list: list } }
on-failure:
  b: { uses: http/request, with: { url: "\${{ inputs.⟦list⟧ }}" } }
`,
  'a step': `steps:
  ⟦send⟧: { uses: http/request, with: { url: send } }
  b: { needs: ⟦send⟧, uses: http/request, with: { url: x } }
  "c": { needs: [b, "⟦send⟧"], if: "steps.⟦send⟧.status == 'x' || steps . ⟦send⟧ . status == 'y'", uses: http/request, with: { url: x } }
  d:
    uses: http/request
    with:
      url: |
        x
        \${{ steps
          .⟦send⟧.output.body }}
on-failure:
  e: { uses: http/request, with: { url: "\${{ steps['⟦send⟧'].status }}" } }
`,
  'a step of on-failure': `steps:
  a: { uses: http/request, with: { url: x } }
on-failure:
  ⟦tell⟧: { uses: http/request, with: { url: x } }
  then: { needs: ⟦tell⟧, uses: http/request, with: { url: "\${{ steps.⟦tell⟧.status }}" } }
`,
  'the item of a step': `steps:
  a:
    foreach: { items: [1], as: ⟦row⟧, key: "\${{ ⟦row⟧ }}", on-item-failure: fail }
    uses: http/request
    lane: \${{ ⟦row⟧.x }}
    with: { url: "\${{ ⟦row⟧ }}\${{ [1].map(row, row) }}" }
  b:
    foreach: { items: [1], as: row, on-item-failure: fail }
    uses: http/request
    with: { url: "\${{ row }}" }
`,
  'the item without a name of its own': `steps:
  a:
    foreach: { items: [1], key: "\${{ ⟦item⟧ }}", on-item-failure: fail }
    uses: http/request
    with: { url: "\${{ ⟦item⟧.x }}" }
  b: { foreach: { items: [1], on-item-failure: fail }, uses: http/request, with: { url: "\${{ item }}" } }
`,
  'a variable of a macro': `steps:
  a:
    uses: http/request
    with: { url: "\${{ [1].filter(⟦r⟧, ⟦r⟧ > 1 && [2].exists(r, r == 3) && [⟦r⟧].all(s, s == ⟦r⟧)).map(r, r) }}" }
`,
  'a queue': {
    [queuesFile]: `queues:\n  ⟦erp⟧: { rate: 1/s }\n  other: {}\n`,
    [main]: `steps:\n  a: { queue: ⟦erp⟧, uses: http/request, with: { url: erp } }\n  b: { queue: "⟦erp⟧", uses: http/request, with: { url: x } }\n`,
    'more/x.sluice.yaml': `steps:\n  a:\n    queue: ⟦erp⟧ # erp\n    uses: http/request\n    with: { url: x }\n`,
  },
  'a connection': {
    [connectionsFile]: `connections:\n  ⟦esp⟧: { type: smtp, host: esp }\n`,
    [configFile]: `alerts:\n  - { email: esp@example.com, connection: ⟦esp⟧ }\n`,
    [main]: `steps:\n  a: { queue: esp, uses: email/send, with: { connection: ⟦esp⟧, to: esp, subject: esp, text: esp } }\nqueues: { esp: {} }\n`,
  },
  'a secret': {
    [connectionsFile]: `connections:\n  esp: { type: smtp, host: h, user: u, password: "\${{ secrets.⟦KEY⟧ }}" }\n`,
    [main]: `on: { webhook: { path: KEY, verify: { scheme: github, secret: "\${{ secrets.⟦KEY⟧ }}" } } }\nsteps:\n  a: { uses: http/request, with: { url: KEY, headers: { authorization: "Bearer \${{secrets['⟦KEY⟧']}}" } } }\n`,
  },
  'a variable of the environment': {
    [configFile]: `env: [OTHER, ⟦REGION⟧]\n`,
    [main]: `steps:\n  a: { if: env.⟦REGION⟧ == 'eu', uses: http/request, with: { url: "\${{ env.⟦REGION⟧ }}" } }\n`,
  },
};

describe('names of the project', () => {
  for (const [what, files] of Object.entries(places)) {
    const { ranges } = marked(files);
    const isDeclaration = ({ path, start }: MarkedRange): boolean => marked(files).project.symbols.occurrenceAt(path, start)?.role === 'declaration';

    it(`${what} is found from each place that names it`, () => {
      const { project } = marked(files);
      assert.ok(ranges.length > 1);
      for (const { path, start, end } of ranges) {
        for (const offset of [start, end]) {
          const found = findReferences(project, path, offset, true);
          const byFile = [...Map.groupBy(found, ({ uri }) => uri)].flatMap(([uri, list]) => offsetsOf(marked(files), uri, list.map(({ range }) => range)));
          assert.deepEqual(byFile.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.start - b.start)), ranges, `from ${path} at ${start}`);
        }
      }
    });

    it(`${what} has its references without the declaration`, () => {
      const { project } = marked(files);
      const [first] = ranges;
      assert.ok(first);
      assert.equal(findReferences(project, first.path, first.start, false).length, ranges.filter((range) => !isDeclaration(range)).length);
    });

    it(`${what} is highlighted in its file`, () => {
      const project = marked(files);
      for (const { path, start } of ranges) {
        const found = highlight(project.project, path, start);
        assert.deepEqual(offsetsOf(project, path, found.map(({ range }) => range)), ranges.filter((range) => range.path === path));
      }
    });

    it(`${what} leads to its declaration`, () => {
      const { project } = marked(files);
      const declarations = ranges.filter(isDeclaration);
      for (const { path, start } of ranges) {
        const found = findDefinition(project, path, start);
        assert.deepEqual(found.flatMap(({ targetUri, targetSelectionRange }) => offsetsOf(marked(files), targetUri, [targetSelectionRange])), declarations);
      }
    });
  }

  it('have a declaration each, but for secrets and unnamed items', () => {
    const without = Object.entries(places).filter(([, files]) => {
      const { project, ranges: [first] } = marked(files);
      return first !== undefined && findDefinition(project, first.path, first.start).length === 0;
    });
    assert.deepEqual(without.map(([what]) => what), ['the item without a name of its own', 'a secret']);
  });

  it('are not found where none stands', () => {
    for (const text of ['name: main‸\nsteps: { a: { uses: http/request, with: { url: x } } }\n', 'steps: { a: { uses: http/req‸uest, with: { url: x } } }\n', '‸', 'steps: [‸\n']) {
      const { project, path, offset } = marked(text);
      assert.deepEqual([findDefinition(project, path, offset), findReferences(project, path, offset, true), highlight(project, path, offset)], [[], [], []]);
    }
    assert.deepEqual(findDefinition(marked('').project, 'nowhere.yaml', 3), []);
  });
});
