import assert from 'node:assert/strict';
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
    assert.equal(project.connections.get('esp')?.host, 'h');
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
