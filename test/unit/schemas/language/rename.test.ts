import assert from 'node:assert/strict';
import { prepareRename, rename } from '../../../../schemas/language/rename.ts';
import { english } from '../../../../schemas/wording/language.ts';
import { main, marked, type Marked } from './marked.ts';

/** The files after a rename, or why there was none. */
function renamed({ project, path, offset }: Marked, newName: string): string | ReadonlyMap<string, string> {
  const result = rename(project, path, offset, newName);
  if (!result.ok) return english.textOf(result.reason);
  return new Map(
    [...project.files.values()].map((file) => {
      let { text } = file;
      for (const { range, newText } of (result.edit.changes?.[file.path] ?? []).toReversed()) text = text.slice(0, file.offsetAt(range.start)) + newText + text.slice(file.offsetAt(range.end));
      return [file.path, text];
    }),
  );
}

const queuesFile = '.sluice/queues.yaml';
const connectionsFile = '.sluice/connections.yaml';
const configFile = '.sluice/config.yaml';

/** `OLD` stands wherever the name does. */
const places: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'an input': { [main]: `inputs: { OLD: {} }\nrequired: [OLD]\nsteps:\n  a: { if: "inputs.OLD == inputs['OLD']", uses: http/request, with: { url: "\${{ inputs.OLD }}" } }\n` },
  'a step': { [main]: `steps:\n  OLD: { uses: http/request, with: { url: x } }\n  b: { needs: ["OLD"], if: steps.OLD.status == 'failed', uses: http/request, with: { url: x } }\n  c: { needs: OLD, uses: http/request, with: { url: "\${{ steps.OLD.output.body }}" } }\n` },
  'an item': { [main]: `steps:\n  a: { foreach: { items: [1], as: OLD, key: "\${{ OLD }}", on-item-failure: fail }, uses: http/request, with: { url: "x\${{ OLD }}" } }\n` },
  'a variable of a macro': { [main]: `steps:\n  a: { if: "[1].exists(OLD, OLD > 0 && [2].all(y, y > OLD))", uses: http/request, with: { url: x } }\n` },
  'a queue': { [queuesFile]: 'queues: { OLD: {} }\n', [main]: `steps:\n  a: { queue: OLD, uses: http/request, with: { url: x } }\n`, 'b.sluice.yaml': `steps:\n  a: { queue: "OLD", uses: http/request, with: { url: x } }\n` },
  'a connection': { [connectionsFile]: 'connections: { OLD: { type: smtp, host: h } }\n', [configFile]: 'alerts: [{ email: ops@example.com, connection: OLD }]\n', [main]: `steps:\n  a: { uses: email/send, with: { connection: OLD, to: x, subject: x, text: x } }\n` },
  'a secret': { [connectionsFile]: 'connections: { c: { type: smtp, host: h, user: u, password: "${{ secrets.OLD }}" } }\n', [configFile]: 'alerts: [{ webhook: "${{ secrets.OLD }}" }]\nheartbeat: "${{ secrets.OLD }}"\n', [main]: `steps:\n  a: { uses: http/request, with: { url: "\${{ secrets.OLD }}" } }\n` },
  'a variable of the environment': { [configFile]: 'env: [OLD]\n', [main]: `steps:\n  a: { uses: http/request, with: { url: "\${{ env.OLD }}" } }\n` },
};

/** With the cursor at the nth place of the name. */
function at(files: Readonly<Record<string, string>>, index: number): Marked {
  let count = -1;
  return marked(Object.fromEntries(Object.entries(files).map(([path, text]) => [path, text.replaceAll('OLD', () => ((count += 1) === index ? 'f‸irst' : 'first'))])));
}

describe('rename', () => {
  for (const [what, files] of Object.entries(places)) {
    const count = Object.values(files).join('').split('OLD').length - 1;
    it(`${what}, from each place that names it, and back`, () => {
      for (let index = 0; index < count; index += 1) {
        const before = at(files, index);
        const place = prepareRename(before.project, before.path, before.offset);
        assert.deepEqual(place.ok && place.placeholder, 'first');
        const after = renamed(before, 'a_longer_name');
        assert.ok(typeof after !== 'string', 'refused');
        assert.deepEqual(Object.fromEntries(after), Object.fromEntries(Object.entries(files).map(([path, text]) => [path, text.replaceAll('OLD', 'a_longer_name')])));
        const project = before.project.with(...[...after].map(([path, text]) => ({ path, text })));
        const start = (after.get(before.path) ?? '').indexOf('a_longer_name');
        const back = renamed({ ...before, project, offset: start }, 'first');
        assert.deepEqual(back, new Map([...before.project.files].map(([path, { text }]) => [path, text])));
      }
    });
  }

  const itemless: Readonly<Record<string, readonly [before: string, after: string]>> = {
    'in a line': [
      `steps:\n  a: { foreach: { items: [1], key: "\${{ it‸em }}", on-item-failure: fail }, uses: http/request, with: { url: "x\${{ item }}" } }\n`,
      `steps:\n  a: { foreach: { items: [1], key: "\${{ row }}", on-item-failure: fail, as: row }, uses: http/request, with: { url: "x\${{ row }}" } }\n`,
    ],
    'in lines of its own': [
      `steps:\n  a:\n    uses: http/request\n    with: { url: "x\${{ ite‸m.id }}" }\n    foreach:\n      items: [1]\n      on-item-failure: fail # as it is\n    timeout: 5s\n  b: { foreach: { items: [1], on-item-failure: fail }, uses: http/request, with: { url: "\${{ item }}" } }\n`,
      `steps:\n  a:\n    uses: http/request\n    with: { url: "x\${{ row.id }}" }\n    foreach:\n      items: [1]\n      on-item-failure: fail # as it is\n      as: row\n    timeout: 5s\n  b: { foreach: { items: [1], on-item-failure: fail }, uses: http/request, with: { url: "\${{ item }}" } }\n`,
    ],
  };
  for (const [what, [before, after]] of Object.entries(itemless)) {
    it(`gives an item a name that had none, ${what}`, () => {
      const place = prepareRename(marked(before).project, main, marked(before).offset);
      assert.deepEqual(place.ok && place.placeholder, 'item');
      assert.deepEqual(renamed(marked(before), 'row'), new Map([[main, after]]));
      assert.deepEqual(renamed(marked(before), 'item'), new Map([[main, before.replace('‸', '')]]));
    });
  }

  it('to the same name changes nothing', () => {
    const { project, path, offset } = at(places['a step'] ?? {}, 0);
    assert.deepEqual(rename(project, path, offset, 'first'), { ok: true, edit: { changes: {} } });
  });

  const call = 'uses: http/request, with: { url: x }';
  const refused: Readonly<Record<string, readonly [files: string | Readonly<Record<string, string>>, newName: string, reason: RegExp]>> = {
    'what is not a name': [`steps: { fi‸rst: { ${call} } }\n`, 'not a name', /'not a name' is not a name: a name has letters/],
    'an empty name': [`steps: { fi‸rst: { ${call} } }\n`, '', /is not a name/],
    'a reserved name': [`steps: { fi‸rst: { ${call} } }\n`, '__proto__', /is reserved/],
    'a step to another': [`steps: { fi‸rst: { ${call} }, other: { ${call} } }\n`, 'other', /There is a step 'other' already/],
    'a step to one of on-failure': [`steps: { fi‸rst: { ${call} } }\non-failure: { other: { ${call} } }\n`, 'other', /There is a step 'other' already/],
    'a queue to one of another file': [{ [main]: `queues: { fi‸rst: {} }\nsteps: { a: { queue: first, ${call} } }\n`, [queuesFile]: 'queues: { other: {} }\n' }, 'other', /There is a queue 'other' already/],
    'a secret to another': [`steps: { a: { uses: http/request, with: { url: "\${{ secrets.fi‸rst }}\${{ secrets.other }}" } } }\n`, 'other', /^'other' is named in the project already/],
    'an item to a name of expressions': [`steps: { a: { foreach: { items: [1], as: ro‸w, on-item-failure: fail }, ${call} } }\n`, 'inputs', /means something else in expressions/],
    'an item without a name to one of expressions': [`steps: { a: { foreach: { items: [1], key: "\${{ it‸em }}", on-item-failure: fail }, ${call} } }\n`, 'steps', /means something else in expressions/],
    'an item to a word of expressions': [`steps: { a: { foreach: { items: [1], as: ro‸w, key: "\${{ row }}", on-item-failure: fail }, ${call} } }\n`, 'in', /word of expressions/],
    'an item that a macro would hide': [`steps: { a: { foreach: { items: [1], as: ro‸w, key: "\${{ [1].all(x, x == row) }}", on-item-failure: fail }, ${call} } }\n`, 'x', /would mean something else/],
    'a variable that would hide an item': [`steps: { a: { foreach: { items: [1], as: row, key: "\${{ [1].all(x‸, x == row) }}", on-item-failure: fail }, ${call} } }\n`, 'row', /would mean something else/],
    'a step to a word of expressions': [`steps: { fi‸rst: { ${call} }, b: { needs: first, ${call} } }\n`, 'null', /word of expressions/],
    'a queue to a word of YAML': [`queues: { fi‸rst: {} }\nsteps: { a: { queue: first, ${call} } }\n`, 'null', /would mean something else/],
  };
  for (const [what, [files, newName, reason]] of Object.entries(refused)) {
    it(`refuses ${what}`, () => {
      const result = renamed(marked(files), newName);
      assert.ok(typeof result === 'string', 'it was done');
      assert.match(result, reason);
    });
  }

  it('refuses what has no name of its own, and says why', () => {
    const reasons = [`name: x‸\nsteps: { a: { ${call} } }\n`, `na‸me: x\nsteps: { a: { ${call} } }\n`, `steps:\n  a: { foreach: &f { items: [1], on-item-failure: fail }, ${call} }\n  b: { foreach: *f, uses: http/request, with: { url: "\${{ it‸em }}" } }\n`, `steps: { a: { queue: no‸where, ${call} } }\n`].map((text) => {
      const { project, path, offset } = marked(text);
      const place = prepareRename(project, path, offset);
      return place.ok ? 'allowed' : english.textOf(place.reason);
    });
    assert.deepEqual(reasons, [
      'Nothing that has a name of its own is here.',
      'A workflow is called as its file is: rename the file.',
      "'item' is what an item is called where 'foreach' says nothing else: add 'as: NAME' to it.",
      "The queue 'nowhere' is declared nowhere.",
    ]);
  });
});
