import assert from 'node:assert/strict';
import type { SmtpConnection } from '../../../schemas/workflow/connections/connection.ts';
import { analyseProject, projectFileKind, type ProjectFile } from '../../../schemas/workflow/analysis/analyse-project.ts';
import { formatDiagnostic } from '../../../schemas/workflow/analysis/file-analysis.ts';

const call = 'steps: { call: { uses: http/request, with: { url: x } } }\n';

function lines(files: readonly ProjectFile[], secrets?: readonly string[]): readonly string[] {
  const { diagnostics } = analyseProject(files, secrets === undefined ? {} : { secrets });
  return [...diagnostics].flatMap(([path, list]) => list.map((diagnostic) => formatDiagnostic(path, files.find((file) => file.path === path)?.text ?? '', diagnostic)));
}

describe('analyseProject', () => {
  it('knows its files by their paths', () => {
    const kinds = ['.sluice/workflows/a.yaml', '.sluice/workflows/a.yml', 'deep/in/x.sluice.yaml', '.sluice/queues.yaml', '.sluice/connections.yml', '.sluice/config.yaml', '.sluice/workflows/in/a.yaml', 'a.yaml', 'queues.yaml', '.sluice/other.yaml'].map(projectFileKind);
    assert.deepEqual(kinds, ['workflow', 'workflow', 'workflow', 'queues', 'connections', 'config', undefined, undefined, undefined, undefined]);
  });

  it('puts a project together', () => {
    const project = analyseProject([
      { path: '.sluice/workflows/a.yaml', text: `queues: { mine: {} }\nsteps:\n  call: { uses: http/request, queue: shared, with: { url: "\${{ env.REGION }}" } }\n  mail: { uses: email/send, queue: mine, with: { connection: esp, to: a@b.c, subject: x, text: x } }\n` },
      { path: 'other/b.sluice.yaml', text: call },
      { path: '.sluice/queues.yaml', text: 'queues: { shared: { rate: 1/s } }\n' },
      { path: '.sluice/connections.yaml', text: 'connections: { esp: { type: smtp, host: h } }\n' },
      { path: '.sluice/config.yaml', text: 'env: [REGION]\n' },
      { path: 'README.md', text: '# no file of ours' },
    ]);
    assert.deepEqual([...project.diagnostics.values()].flat(), []);
    assert.equal(project.diagnostics.size, 5);
    assert.deepEqual([...project.workflows.keys()], ['a', 'b']);
    assert.equal(project.workflows.get('b')?.path, 'other/b.sluice.yaml');
    assert.equal(project.workflows.get('b')?.text, call);
    assert.deepEqual([...project.queues.keys()], ['shared']);
    assert.equal((project.connections.get('esp') as SmtpConnection | undefined)?.host, 'h');
    assert.deepEqual(project.config.env, ['REGION']);
  });

  it('is content with no files at all', () => {
    const project = analyseProject([]);
    assert.equal(project.workflows.size, 0);
    assert.equal(project.config.durability, 'full');
  });

  describe('a step that runs a workflow', () => {
    const child = (name: string, text: string): ProjectFile => ({ path: `.sluice/workflows/${name}.yaml`, text });
    const taker = child('onboard', `inputs: { email: { type: string }, n: { type: integer, default: 1 } }\nrequired: [email]\n${call}`);
    const runs = (input: string): string => `steps: { go: { uses: workflow/run, with: ${input} } }\n`;
    const linesOf = (input: string): readonly string[] => lines([child('a', runs(input)), taker]).map((line) => line.replace(/^[^ ]+ /, ''));

    it('is right where it names one, with inputs that fit it', () => {
      assert.deepEqual(linesOf('{ workflow: onboard, inputs: { email: "${{ run.id }}", n: 2 } }'), []);
      assert.deepEqual(linesOf('{ workflow: onboard, inputs: "${{ inputs }}" }').filter((line) => !line.includes("'inputs'")), [], 'what an expression gives is checked when it runs');
    });

    it('is told what is wrong with the workflow or its inputs', () => {
      assert.deepEqual(linesOf('{ workflow: onbord, inputs: { email: x } }'), ["error: There is no workflow 'onbord'. Did you mean 'onboard'?"]);
      assert.equal(linesOf('{ workflow: onboard }').length, 1);
      assert.match(linesOf('{ workflow: onboard }')[0] ?? '', /email/);
      assert.match(linesOf('{ workflow: onboard, inputs: { email: x, m: 1 } }')[0] ?? '', /'m'/);
      assert.match(linesOf('{ workflow: onboard, inputs: { email: x, n: many } }')[0] ?? '', /whole number|integer/);
      assert.match(linesOf('{ workflow: "${{ run.id }}" }')[0] ?? '', /an expression is not allowed here/);
    });

    it('gives the outputs of the workflow, whose names and types are known', () => {
      const files = (use: string, onboard: string, wait = ''): readonly ProjectFile[] => [
        child('a', `steps:\n  go: { uses: workflow/run, with: { workflow: onboard${wait} } }\noutputs: { x: "\${{ ${use} }}" }\n`),
        child('onboard', `${onboard}steps: { only: { uses: wait/for, with: { duration: 1s } } }\n`),
      ];
      const said = (...args: Parameters<typeof files>): readonly string[] => lines(files(...args)).map((line) => line.replace(/^[^ ]+ /, ''));
      const outputs = 'inputs: { n: { type: integer } }\nrequired: [n]\noutputs: { booked: "${{ run.id }}", twice: "${{ inputs.n * 2 }}", at: "${{ now() }}" }\n';
      const inputs = ', inputs: { n: 1 }';
      assert.deepEqual(said('steps.go.output.booked.startsWith(\'r\')', outputs, inputs), []);
      assert.deepEqual(said('steps.go.output.twice + 1', outputs, inputs), []);
      assert.deepEqual(said('steps.go.output.at.startsWith(\'2\')', outputs, inputs), [], 'what is handed on is text');
      assert.deepEqual(said('steps.go.output.bokked', outputs, inputs), ["error: 'steps.go.output' has no field 'bokked'. Did you mean 'booked'?"]);
      assert.deepEqual(said('steps.go.output.other', outputs, inputs), ["error: 'steps.go.output' has no field 'other'. It has booked, twice, at."]);
      assert.match(said('steps.go.output.twice.startsWith(\'r\')', outputs, inputs)[0] ?? '', /number/);
      assert.deepEqual(said('steps.go.output.other', ''), ["error: 'steps.go.output' has no field 'other'. The workflow 'onboard' has no 'outputs'."]);
      assert.deepEqual(said('steps.go.output.run', outputs, `${inputs}, wait: false`), []);
      assert.deepEqual(said('steps.go.output.booked', outputs, `${inputs}, wait: false`), ["error: 'steps.go.output' has no field 'booked'. It has run."]);
      assert.deepEqual(said('steps.go.output.other', 'outputs: { a: 1 }\nsurprise: 1\n').filter((line) => line.includes('steps.go')), [], 'a workflow with errors may have others');
    });

    it('gives outputs that come from a workflow further down, and of each item', () => {
      const next = (id: string): string => `steps: { go: { uses: workflow/run, with: { workflow: ${id} } } }\n`;
      const deep = [child('c', `outputs: { n: 1 }\nsteps: { only: { uses: wait/for, with: { duration: 1s } } }\n`), child('b', `${next('c')}outputs: { m: "\${{ steps.go.output.n + 1 }}", all: "\${{ steps.go.output }}" }\n`)];
      assert.deepEqual(lines([...deep, child('a', `${next('b')}outputs: { x: "\${{ steps.go.output.m + steps.go.output.all.n }}" }\n`)]), []);
      assert.match(lines([...deep, child('a', `${next('b')}outputs: { x: "\${{ steps.go.output.all.total }}" }\n`)])[0] ?? '', /a\.yaml:.* has no field 'total'\. It has n\.$/);
      const each = `steps: { go: { foreach: { items: [1, 2], on-item-failure: continue }, uses: workflow/run, with: { workflow: b } } }\n`;
      assert.match(lines([...deep, child('a', `${each}outputs: { x: "\${{ steps.go.results.map(r, r.output.total) }}" }\n`)])[0] ?? '', /'r\.output' has no field 'total'\. It has m, all\./);
    });

    it('takes expressions of the types that the workflow takes', () => {
      const taking = child('onboard', `inputs: { email: { type: string }, n: { type: integer }, tags: { type: array, items: { type: string } }, any: {} }\n${call}`);
      const said = (inputs: string): readonly string[] =>
        lines([child('a', `inputs: { n: { type: integer }, free: {}, maybe: { type: [string, "null"] } }\nsteps:\n  go: { uses: workflow/run, with: { workflow: onboard, inputs: ${inputs} } }\n`), taking]).map((line) => line.replace(/^.*a\.yaml:3:\d+: error: /, ''));
      assert.deepEqual(said('{ email: "${{ run.id }}", n: "${{ inputs.n }}", tags: ["${{ run.id }}"], any: "${{ inputs.n }}" }'), []);
      assert.deepEqual(said('{ email: "${{ inputs.free }}", n: "${{ inputs.free.x }}", tags: "${{ inputs.free }}" }'), [], 'what is not known is accepted');
      assert.deepEqual(said('{ email: "${{ inputs.maybe }}" }'), [], 'what may be right is accepted');
      assert.deepEqual(said('{ email: "${{ inputs.n }}" }'), ["'email' takes text, but this is number."]);
      assert.deepEqual(said('{ n: "no ${{ inputs.n }}" }'), ["'n' takes number, but this is text."]);
      assert.deepEqual(said('{ tags: ["${{ inputs.n }}"] }'), ["An item of 'tags' takes text, but this is number."]);
      assert.deepEqual(said('"${{ inputs.n }}"'), ["'inputs' takes { email?: text, n?: number, tags?: list of text, any?: any }, but this is number."]);
    });

    it('takes values of the formats that the workflow takes', () => {
      const taking = child('onboard', `inputs: { due: { type: string, format: date } }\n${call}`);
      const said = (due: string): number => lines([child('a', runs(`{ workflow: onboard, inputs: { due: ${due} } }`)), taking]).length;
      assert.deepEqual([said('"2026-03-01"'), said('"${{ run.id }}"'), said('tomorrow'), said('"2026-02-30"')], [0, 0, 1, 1]);
    });

    it('is refused if workflows start one another in a circle, at each step of it', () => {
      const next = (id: string): string => runs(`{ workflow: ${id} }`);
      const found = lines([child('a', next('b')), child('b', next('c')), child('c', next('a')), child('d', next('a'))]);
      assert.deepEqual(found.map((line) => line.replace(/:.*(?=: error)/, '')), [
        ".sluice/workflows/a.yaml: error: Workflows start one another in a circle, which would never end: 'a' → 'b' → 'c' → 'a'.",
        ".sluice/workflows/b.yaml: error: Workflows start one another in a circle, which would never end: 'b' → 'c' → 'a' → 'b'.",
        ".sluice/workflows/c.yaml: error: Workflows start one another in a circle, which would never end: 'c' → 'a' → 'b' → 'c'.",
      ]);
      assert.equal(lines([child('a', next('a'))]).length, 1);
    });
  });

  it('knows what an answer says that a step waits for, by its payload', () => {
    const said = (use: string, more = '', other = ''): readonly string[] => {
      const text = `steps:\n  ask: { uses: wait/signal, with: { name: ok${more}, payload: { approved: { type: boolean }, n: { type: integer, default: 1 } } } }\n${other}outputs: { x: "\${{ ${use} }}" }\n`;
      return lines([{ path: '.sluice/workflows/a.yaml', text }]).map((line) => line.replace(/^[^ ]+ /, ''));
    };
    assert.deepEqual(said('steps.ask.output.payload.n + 1'), []);
    assert.deepEqual(said('steps.ask.output.payload.aproved'), ["error: 'steps.ask.output.payload' has no field 'aproved'. Did you mean 'approved'?"]);
    assert.match(said('steps.ask.output.payload.approved + 1')[0] ?? '', /boolean/);
    assert.deepEqual(said('steps.ask.output.payload.aproved', ', on-timeout: continue, timeout: 1h').length, 1, 'null has no fields either');
    for (const uncertain of [', timeout: "${{ run.id }}"', ', on-timeout: "${{ run.id }}"']) assert.deepEqual(said('steps.ask.output.payload.aproved', uncertain).filter((line) => line.includes('aproved')), [], 'an early answer was not checked');
    assert.deepEqual(said('steps.ask.output.payload.aproved', '', '  two: { uses: wait/signal, with: { name: ok, payload: { aproved: {} } } }\n'), [], 'the answer may have been checked for the other step');
    assert.deepEqual(said('steps.ask.output.payload.aproved', '', '  two: { uses: wait/signal, with: { name: other } }\n').length, 1);
  });

  it('refuses a queue that is declared twice, at the second place', () => {
    const files = [
      { path: '.sluice/workflows/b.yaml', text: `queues: { q: {}, r: {} }\n${call}` },
      { path: '.sluice/workflows/a.yaml', text: `queues: { r: {} }\n${call}` },
      { path: '.sluice/queues.yaml', text: 'queues: { q: {} }\n' },
    ];
    assert.deepEqual(lines(files), [
      ".sluice/workflows/b.yaml:1:11: error: The queue 'q' is declared in .sluice/queues.yaml already: declare it once, in .sluice/queues.yaml if several workflows use it.",
      ".sluice/workflows/b.yaml:1:18: error: The queue 'r' is declared in .sluice/workflows/a.yaml already: declare it once, in .sluice/queues.yaml if several workflows use it.",
    ]);
    assert.deepEqual([...analyseProject(files).workflows.keys()], ['a']);
  });

  it('refuses a second workflow with one id, and a second file of settings', () => {
    assert.deepEqual(
      lines([
        { path: 'x/a.sluice.yaml', text: `\n${call}` },
        { path: '.sluice/workflows/a.yml', text: call },
        { path: '.sluice/config.yml', text: 'grace: 1s\n' },
        { path: '.sluice/config.yaml', text: 'grace: 2s\n' },
      ]),
      [
        '.sluice/config.yml:1:1: error: .sluice/config.yaml is there as well, and is the one that counts: take one of the two out.',
        "x/a.sluice.yaml:2:1: error: .sluice/workflows/a.yml has the id 'a' already: rename one of the two files.",
      ],
    );
  });

  it('knows queues and connections of files that have errors of their own', () => {
    const found = lines([
      { path: '.sluice/workflows/a.yaml', text: 'steps: { mail: { uses: email/send, queue: q, with: { connection: esp, to: a@b.c, subject: x, text: x } } }\n' },
      { path: '.sluice/queues.yaml', text: 'queues: { q: { rate: 5 } }\n' },
      { path: '.sluice/connections.yaml', text: 'connections: { esp: { type: smtp } }\n' },
    ]);
    assert.deepEqual(found.map((line) => line.split(':')[0]), ['.sluice/connections.yaml', '.sluice/queues.yaml']);
  });

  it('checks secrets where it is told which ones are set', () => {
    const files = [{ path: 'a.sluice.yaml', text: 'steps: { call: { uses: http/request, with: { url: "${{ secrets.A }}" } } }\n' }];
    assert.deepEqual(lines(files), []);
    assert.deepEqual(lines(files, ['A']), []);
    assert.deepEqual(lines(files, ['B']).length, 1);
  });
});
