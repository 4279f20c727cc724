/**
 * Broken files, what is said about them and how it can be fixed. Each file of `golden/` ends with a comment block that lists its findings,
 * and the quick fixes of each with the change that they make:
 *
 *     # expected
 *     # 2:3-2:8 error unknown-key: 'stepz' is not a key of a workflow. Did you mean 'steps'?
 *     #   suggests: steps
 *     #   fix: Change to 'steps' (preferred)
 *     #     2:3 `stepz` -> `steps`
 *
 * The block is taken off before the file is read. The name's first word says which kind of file it is. `SLUICE_UPDATE_GOLDEN=1` writes the
 * blocks again; anyone who does that reads what has changed.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { CodeAction, TextEdit } from 'vscode-languageserver-types';
import { codeActions, type SetSecretArgument } from '../../../schemas/language/code-actions.ts';
import { diagnosticsOf, toDiagnostic } from '../../../schemas/language/diagnostics.ts';
import { LanguageProject } from '../../../schemas/language/language-project.ts';
import type { LanguageFile } from '../../../schemas/language/language-file.ts';
import type { ProjectFile } from '../../../schemas/workflow/analysis/analyse-files.ts';
import { type Diagnostic, diagnosticCodes } from '../../../schemas/workflow/diagnostic.ts';
import { english } from '../../../schemas/wording/language.ts';
import { applyEdit, changesOf } from '../../support/apply-edit.ts';

const folder = path.join(import.meta.dirname, 'golden');
const marker = '# expected\n';
const secrets = ['TOKEN'];

/** Where a broken file of each kind stands, and the files around it that it isn't one of. */
const places: Readonly<Record<string, string>> = {
  workflow: '.sluice/workflows/golden.yaml',
  queues: '.sluice/queues.yaml',
  connections: '.sluice/connections.yaml',
  config: '.sluice/config.yaml',
};
const around: readonly ProjectFile[] = [
  { path: '.sluice/queues.yaml', text: 'queues:\n  shared: { rate: 10/s }\n' },
  { path: '.sluice/connections.yaml', text: 'connections:\n  esp: { type: smtp, host: smtp.example.com }\n' },
  { path: '.sluice/config.yaml', text: 'env: [REGION]\n' },
];

interface Broken {
  readonly text: string;
  readonly expected: string;
  readonly project: LanguageProject;
  readonly file: LanguageFile;
  readonly found: readonly Diagnostic[];
}

describe('broken files', () => {
  const names = readdirSync(folder).filter((name) => name.endsWith('.yaml')).sort();

  it('are many, and show nearly every code', () => {
    assert.ok(names.length >= 60, `${names.length} files`);
    const shown = new Set(names.flatMap((name) => read(name).found.map(({ code }) => code)));
    // These two need several files: see analyse-project.test.ts. Those two need large ones: see document.test.ts.
    const elsewhere = ['duplicate-queue', 'duplicate-webhook', 'duplicate-workflow', 'unknown-workflow', 'too-large', 'too-deep', 'unreadable-file', 'too-many-folders'];
    assert.deepEqual(Object.keys(diagnosticCodes).filter((code) => !shown.has(code as Diagnostic['code'])).sort(), elsewhere.sort());
  });

  it('have a fix wherever it is said what was meant', () => {
    const meant = names.flatMap((name) => {
      const broken = read(name);
      return broken.found.filter(({ message }) => english.textOf(message).includes('Did you mean')).map((finding) => ({ finding, fixes: fixesOf(broken, finding) }));
    });
    assert.ok(meant.length >= 40, `${meant.length} findings`);
    assert.deepEqual(meant.filter(({ fixes }) => !fixes.some(({ title }) => title.startsWith('Change to '))).map(({ finding }) => english.textOf(finding.message)), []);
  });

  for (const name of names) {
    describe(name.replace(/\.yaml$/, ''), () => {
      it('is found out, with its fixes', () => {
        const broken = read(name);
        assert.ok(broken.found.length > 0, 'nothing is wrong with this file');
        const fresh = written(broken);
        if (process.env['SLUICE_UPDATE_GOLDEN'] === '1') writeFileSync(path.join(folder, name), broken.text + marker + fresh);
        else assert.equal(fresh, broken.expected);
      });

      it('is better after each preferred fix', () => {
        const broken = read(name);
        for (const finding of broken.found) {
          const preferred = fixesOf(broken, finding).find(({ isPreferred }) => isPreferred === true);
          // Setting a secret alone changes no file.
          if (preferred?.edit === undefined) continue;
          const before = findingsIn(broken.project);
          const after = findingsIn(fixed(broken.project, preferred));
          const isNewError = (found: string): boolean => found.startsWith('error') && !before.includes(found);
          assert.deepEqual(after.filter(isNewError), [], `new after: ${preferred.title}`);
          const [given, left] = [before, after].map((list) => list.filter((found) => found === worded(broken.file.path, finding)).length);
          assert.ok(Number(left) < Number(given), `still there after ${preferred.title}: ${english.textOf(finding.message)}`);
        }
      });
    });
  }
});

describe('the examples', () => {
  for (const name of ['enrichment', 'campaign', 'deal-closed']) {
    it(`have nothing to be fixed: ${name}`, () => {
      const project = exampleOf(name);
      assert.ok([...project.files.values()].some(({ kind }) => kind === 'workflow'));
      assert.deepEqual([...project.files.keys()].flatMap((file) => diagnosticsOf(project, file).map(({ range, code }) => `${file}:${range.start.line + 1} ${code ?? ''}`)), []);
    });

    it(`are right again after the preferred fix of a slip in any key: ${name}`, () => {
      const project = exampleOf(name);
      let slips = 0;
      for (const file of project.files.values()) {
        for (const { index, 0: key } of file.text.matchAll(/(?<=^ {4,6})(uses|queue|foreach|with|rate|retry|concurrency|timeout)(?=:)/gm)) {
          const slipped = `${key}x`;
          const broken = project.with({ path: file.path, text: file.text.slice(0, index) + slipped + file.text.slice(index + key.length) });
          const fix = codeActions(broken, file.path, { start: index, end: index + slipped.length }).find(({ title }) => title === `Change to '${key}'`);
          assert.equal(fix?.isPreferred, true, `${file.path}: ${slipped}`);
          assert.equal(applyEdit(broken, fix.edit).files.get(file.path)?.text, file.text);
          slips += 1;
        }
      }
      assert.ok(slips > 0);
    });
  }
});

/** Its secrets are set. */
function exampleOf(name: string): LanguageProject {
  const top = path.join(import.meta.dirname, '../../../examples', name);
  const paths = readdirSync(path.join(top, '.sluice'), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.yaml')).sort();
  return LanguageProject.of(paths.map((file) => ({ path: `.sluice/${file.replaceAll(path.sep, '/')}`, text: readFileSync(path.join(top, '.sluice', file), 'utf8') })));
}

function read(name: string): Broken {
  const [text = '', expected = ''] = readFileSync(path.join(folder, name), 'utf8').split(marker);
  const place = places[name.split('-')[0] ?? ''];
  assert.ok(place !== undefined, `${name} begins with none of ${Object.keys(places).join(', ')}`);
  const project = LanguageProject.of([...around.filter((other) => other.path !== place), { path: place, text }], { secrets });
  const file = project.files.get(place);
  assert.ok(file);
  return { text, expected, project, file, found: project.analysis.diagnostics.get(place) ?? [] };
}

/** As an editor asks for them; those of another finding at the same place are left out. */
function fixesOf({ project, file }: Broken, finding: Diagnostic): readonly CodeAction[] {
  const diagnostic = JSON.stringify(toDiagnostic(file, finding));
  return codeActions(project, file.path, finding.range, { canSetSecrets: true }).filter(({ diagnostics }) => JSON.stringify(diagnostics?.[0]) === diagnostic);
}

/** After the fix's edit, and with the secret that its command asks a value for. */
function fixed(project: LanguageProject, { edit, command }: CodeAction): LanguageProject {
  const after = applyEdit(project, edit);
  const [argument] = (command?.arguments ?? []) as readonly SetSecretArgument[];
  return argument === undefined ? after : after.withSecrets([...secrets, argument.secret]);
}

function findingsIn(project: LanguageProject): readonly string[] {
  return [...project.analysis.diagnostics].flatMap(([file, list]) => list.map((finding) => worded(file, finding)));
}

function worded(file: string, { severity, code, message }: Diagnostic): string {
  return `${severity} in ${file}: ${code}: ${english.textOf(message)}`;
}

function written(broken: Broken): string {
  const { lines } = broken.file;
  const place = (offset: number): string => `${lines.positionAt(offset).line}:${lines.positionAt(offset).column}`;
  return broken.found
    .map((finding) => {
      const { severity, code, message, range, suggestions = [] } = finding;
      const suggests = suggestions.length === 0 ? [] : [`  suggests: ${suggestions.join(' | ')}`];
      const head = `${place(range.start)}-${place(range.end)} ${severity} ${code}: ${english.textOf(message)}`;
      return [head, ...suggests, ...fixesOf(broken, finding).flatMap((fix) => writtenFix(broken, fix))].map((line) => `# ${line}\n`).join('');
    })
    .join('');
}

function writtenFix({ project, file }: Broken, { title, isPreferred, edit, command }: CodeAction): readonly string[] {
  const marks = isPreferred === true ? ' (preferred)' : '';
  const changes = changesOf(edit).flatMap(([changed, edits]) => edits.map((one) => `${changed === file.path ? '' : `${changed} `}${writtenEdit(project.files.get(changed), one)}`));
  const runs = command === undefined ? [] : [`runs ${command.command}`];
  return [`  fix: ${title}${marks}`, ...[...changes, ...runs].map((line) => `    ${line}`)];
}

/** An insertion with `+`, a removal with `-`; line breaks as `\n`. */
function writtenEdit(file: LanguageFile | undefined, { range, newText }: TextEdit): string {
  const quoted = (text: string): string => `\`${text.replaceAll('\n', '\\n')}\``;
  const old = file?.text.slice(file.offsetAt(range.start), file.offsetAt(range.end)) ?? '';
  const at = `${range.start.line + 1}:${range.start.character + 1}`;
  if (old === '') return `${at} + ${quoted(newText)}`;
  return newText === '' ? `${at} - ${quoted(old)}` : `${at} ${quoted(old)} -> ${quoted(newText)}`;
}
