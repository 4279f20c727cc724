import assert from 'node:assert/strict';
import { DiagnosticSeverity } from 'vscode-languageserver-types';
import { diagnosticsOf } from '../../../../schemas/language/diagnostics.ts';
import { LanguageProject } from '../../../../schemas/language/language-project.ts';
import { analyseProject, type ProjectFile } from '../../../../schemas/workflow/analysis/analyse-project.ts';

const queues: ProjectFile = { path: '.sluice/queues.yaml', text: 'queues: { shared: {} }\n' };
const connections: ProjectFile = { path: '.sluice/connections.yaml', text: 'connections: { esp: { type: smtp, host: h } }\n' };
const config: ProjectFile = { path: '.sluice/config.yaml', text: 'env: [REGION]\n' };
const a: ProjectFile = { path: '.sluice/workflows/a.yaml', text: 'steps: { call: { queue: shared, uses: http/request, with: { url: x } } }\n' };
const b: ProjectFile = { path: 'b.sluice.yaml', text: 'steps: { call: { uses: http/request, with: { url: "${{ env.REGION }}", headers: { a: "${{ secrets.KEY }}" } } } }\n' };
const all = [queues, connections, config, a, b];

/** Paths of the files that were read again. */
function readAnew(before: LanguageProject, after: LanguageProject): readonly string[] {
  return [...after.files.values()].filter((file) => before.files.get(file.path) !== file).map(({ path }) => path);
}

describe('LanguageProject', () => {
  it('says what analyseProject says, however it came about', () => {
    const broken = { ...b, text: `${b.text}what: now\n` };
    const wanted = analyseProject([queues, connections, config, a, broken], { secrets: ['KEY'] });
    const grown = LanguageProject.of([]).with(broken, a).with(queues).withSecrets(['NO']).with(config, connections).withSecrets(['KEY']);
    assert.deepEqual(grown.analysis, wanted);
    assert.deepEqual(grown.with({ path: 'c.sluice.yaml', text: '?' }).without('c.sluice.yaml').analysis, wanted);
  });

  it('reads again what has changed, and what refers to a name that came or went', () => {
    const project = LanguageProject.of(all, { secrets: ['KEY'] });
    const workflows = [a.path, b.path];
    const cases: readonly (readonly [LanguageProject, readonly string[]])[] = [
      [project.with({ ...a, text: `${a.text}# more\n` }), [a.path]],
      [project.with(a), []],
      [project.with({ ...queues, text: 'queues: { shared: { rate: 1/s } }\n' }), [queues.path]],
      [project.with({ ...queues, text: 'queues: { shared: {}, more: {} }\n' }), [...workflows, queues.path]],
      [project.with({ ...connections, text: 'connections: {}\n' }), [...workflows, connections.path]],
      [project.with({ ...config, text: 'env: []\n' }), [...workflows, config.path]],
      [project.withSecrets(['OTHER']), [...workflows, connections.path]],
      [project.withSecrets(['KEY']), []],
      [project.without(b.path), []],
      [project.without(queues.path), workflows],
    ];
    for (const [after, wanted] of cases) assert.deepEqual(readAnew(project, after).toSorted(), wanted.toSorted());
  });

  it('reads those again that run a workflow whose inputs or outputs have changed, and all above them that can see it', () => {
    const file = (id: string, text: string): ProjectFile => ({ path: `.sluice/workflows/${id}.yaml`, text });
    const runs = (id: string, output: string): string => `steps: { go: { uses: workflow/run, with: { workflow: ${id} } } }\noutputs: { x: ${output} }\n`;
    const top = file('a', runs('b', '"${{ steps.go.output.x }}"'));
    const middle = file('b', runs('c', '"${{ steps.go.output.n }}"'));
    const below = file('c', 'steps: { only: { uses: wait/for, with: { duration: 1s } } }\noutputs: { n: 1 }\n');
    const aside = file('d', runs('b', '1'));
    const project = LanguageProject.of([top, middle, below, aside]);
    const cases: readonly (readonly [LanguageProject, readonly string[]])[] = [
      [project.with({ ...below, text: `${below.text}# more\n` }), [below.path]],
      [project.with({ ...below, text: below.text.replace('1s', '2s') }), [below.path]],
      [project.with({ ...below, text: below.text.replace('{ n: 1 }', '{ n: x }') }), [top.path, middle.path, below.path, aside.path]],
      [project.with({ ...below, text: below.text.replace('{ n: 1 }', '{ m: 1 }') }), [top.path, middle.path, below.path, aside.path]],
      [project.with({ ...below, text: `inputs: { q: {} }\n${below.text}` }), [middle.path, below.path]],
      [project.without(below.path), [top.path, middle.path, aside.path]],
      [project.with({ ...middle, text: runs('c', '"${{ steps.go.output.m }}"') }), [top.path, middle.path, aside.path]],
    ];
    for (const [after, wanted] of cases) {
      assert.deepEqual(readAnew(project, after).toSorted(), wanted.toSorted());
      assert.deepEqual(after.analysis, analyseProject([...after.files.values()].map(({ analysed }) => analysed.file)));
    }
    const [circle, back] = [{ ...below, text: runs('a', '"${{ steps.go.output.x }}"') }, project.with({ ...below, text: runs('a', '1') }).with(below)];
    assert.deepEqual(project.with(circle).analysis, analyseProject([top, middle, circle, aside]));
    assert.deepEqual(back.analysis, project.analysis);
  });

  it('leaves an earlier one as it was', () => {
    const project = LanguageProject.of(all);
    const before = structuredClone(project.analysis.diagnostics);
    const after = project.with({ ...a, text: 'steps: 1\n' });
    assert.deepEqual(project.analysis.diagnostics, before);
    assert.equal(after.analysis.diagnostics.get(a.path)?.length, 1);
  });

  it('counts positions as LSP does, from 0, and back', () => {
    const file = LanguageProject.of([{ path: a.path, text: 'a: 1\r\n"ü😀": 2\n' }]).files.get(a.path);
    assert.ok(file);
    assert.deepEqual(file.positionAt(6), { line: 1, character: 0 });
    assert.deepEqual(file.rangeOf({ start: 6, end: 11 }), { start: { line: 1, character: 0 }, end: { line: 1, character: 5 } });
    assert.equal(file.offsetAt({ line: 1, character: 5 }), 11);
    assert.equal(file.offsetAt({ line: 99, character: 0 }), file.text.length);
  });

  it('passes over files that are none of the project, unless it is told what they are', () => {
    const text = 'steps: { call: { queue: nowhere, uses: http/request, with: { url: x } } }\n';
    assert.equal(LanguageProject.of([{ path: 'Untitled-1', text }]).files.size, 0);
    const alone = LanguageProject.of([{ path: 'Untitled-1', text, kind: 'workflow' }], { partial: true });
    assert.deepEqual([...alone.files.keys()], ['Untitled-1']);
    assert.deepEqual(diagnosticsOf(alone, 'Untitled-1'), []);
  });
});

describe('diagnosticsOf', () => {
  it('gives the findings in the words of LSP', () => {
    const project = LanguageProject.of([{ path: a.path, text: 'steps:\n  call: { uses: http/reqest, with: {} }\n' }]);
    assert.deepEqual(diagnosticsOf(project, a.path), [
      {
        range: { start: { line: 1, character: 16 }, end: { line: 1, character: 27 } },
        severity: DiagnosticSeverity.Error,
        code: 'unknown-action',
        source: 'sluice',
        message: "There is no action 'http/reqest'. Did you mean 'http/request'?",
        data: { suggestions: ['http/request'] },
      },
    ]);
  });

  it('gives none for a file that is none of the project', () => {
    assert.deepEqual(diagnosticsOf(LanguageProject.of([]), 'x.yaml'), []);
  });
});
