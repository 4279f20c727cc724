import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Range, TextEdit } from 'vscode-languageserver-types';
import { complete } from '../../../../schemas/language/completion.ts';
import { diagnosticsOf } from '../../../../schemas/language/diagnostics.ts';
import { documentLinks, findDefinition, findReferences, highlight } from '../../../../schemas/language/navigation.ts';
import { hover } from '../../../../schemas/language/hover.ts';
import type { LanguageFile } from '../../../../schemas/language/language-file.ts';
import { LanguageProject } from '../../../../schemas/language/language-project.ts';
import { prepareRename, rename } from '../../../../schemas/language/rename.ts';
import { signatureHelp } from '../../../../schemas/language/signature-help.ts';
import { english } from '../../../../schemas/wording/language.ts';
import { connectionsExample, workflowExample } from '../example-files.ts';
import { main } from './marked.ts';

const connections = { path: '.sluice/connections.yaml', text: connectionsExample };
const project = LanguageProject.of([connections, { path: main, text: workflowExample }]);

const pieces = ['${{ ', ' }}', '${{ inputs.', 'steps.', '.filter(r, r.', "['", '"', "'", '(', ')', '[', ']', '{', '}', ':', '\n', '\r\n', '  ', '- ', '*a', '&a ', '<<: ', '|\n', '# ', '\\', '😀', '\uFEFF', '\t', 'needs: ', 'if: ', 'null', ','] as const;

interface Change {
  readonly at: number;
  readonly length: number;
  readonly insert: string;
}

const change = fc.record({ at: fc.nat(workflowExample.length), length: fc.oneof(fc.constant(0), fc.nat(30)), insert: fc.array(fc.constantFrom(...pieces), { maxLength: 3 }).map((parts) => parts.join('')) });
const mutated = fc.array(change, { maxLength: 3 }).map((changes) => changes.reduce((text, { at, length, insert }: Change) => text.slice(0, at) + insert + text.slice(at + length), workflowExample));

/** Where every feature points to in the file. */
function rangesAt(of: LanguageProject, offset: number): readonly Range[] {
  const place = prepareRename(of, main, offset);
  return [
    ...complete(of, main, offset, { snippets: true }).items.map(({ textEdit }) => (textEdit as TextEdit).range),
    hover(of, main, offset)?.range,
    ...findDefinition(of, main, offset).flatMap(({ originSelectionRange, targetUri, targetRange }) => [originSelectionRange, ...(targetUri === main ? [targetRange] : [])]),
    ...findReferences(of, main, offset, true).flatMap(({ uri, range }) => (uri === main ? [range] : [])),
    ...highlight(of, main, offset).map(({ range }) => range),
    place.ok ? place.range : undefined,
  ].filter((range) => range !== undefined);
}

function assertWithin(file: LanguageFile, { start, end }: Range): void {
  const [from, to] = [file.offsetAt(start), file.offsetAt(end)];
  assert.ok(from <= to && to <= file.text.length);
  assert.ok(start.line <= end.line && end.line < file.lines.lineCount);
}

describe('the language service and any text (generated)', () => {
  it('never fails, and points into the text', () => {
    fc.assert(
      fc.property(mutated, fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 }), (text, places) => {
        const broken = project.with({ path: main, text });
        const file = broken.files.get(main);
        assert.ok(file);
        for (const { range } of [...diagnosticsOf(broken, main), ...documentLinks(broken, main)]) assertWithin(file, range);
        for (const place of places) {
          const offset = Math.round(place * text.length);
          signatureHelp(broken, main, offset);
          for (const range of rangesAt(broken, offset)) assertWithin(file, range);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('completes while a workflow is typed, at each character of it, without fail', () => {
    const text = workflowExample.slice(workflowExample.indexOf('steps:'));
    for (let length = 0; length <= text.length; length += 7) {
      const typed = LanguageProject.of([{ path: main, text: text.slice(0, length) }]);
      complete(typed, main, length);
      hover(typed, main, length);
      signatureHelp(typed, main, length);
    }
  });

  it('renames everything that can be renamed, and back, without a new finding', () => {
    const file = project.files.get(main);
    assert.ok(file);
    let count = 0;
    for (const { range, name, kind } of file.occurrences) {
      const result = rename(project, main, range.start, 'quite_new');
      if (!result.ok) {
        assert.equal(kind, 'workflow', `${kind} ${name}: ${english.textOf(result.reason)}`);
        continue;
      }
      count += 1;
      const after = apply(project, result.edit.changes ?? {});
      const codes = (of: LanguageProject): readonly unknown[] => [main, connections.path].flatMap((path) => diagnosticsOf(of, path).map(({ code }) => code));
      assert.deepEqual(codes(after), codes(project), `${kind} ${name}`);
      const back = rename(after, main, (after.files.get(main)?.text ?? '').indexOf('quite_new'), name);
      assert.ok(back.ok);
      assert.equal(apply(after, back.edit.changes ?? {}).files.get(main)?.text, workflowExample);
    }
    assert.ok(count > 20, `${count} names`);
  });
});

function apply(to: LanguageProject, changes: Readonly<Record<string, readonly TextEdit[]>>): LanguageProject {
  return to.with(
    ...Object.entries(changes).map(([path, edits]) => {
      const file = to.files.get(path);
      let text = file?.text ?? '';
      for (const { range, newText } of edits.toReversed()) text = text.slice(0, file?.offsetAt(range.start)) + newText + text.slice(file?.offsetAt(range.end));
      return { path, text };
    }),
  );
}
