import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { readPlural } from '../../schemas/wording/message.ts';
import { patternsIn } from '../../scripts/translatable-texts.ts';

const root = path.resolve(import.meta.dirname, '../..');

const sources = globSync('{schemas,platform,client,daemon,extension}/**/*.ts', { cwd: root })
  .map((file) => file.replaceAll('\\', '/'))
  // The store and its rules tell nobody anything, and 1 is a yes in their rows.
  .filter((file) => !/^daemon\/(store|ledger)\//.test(file))
  .map((file) => ({ file, text: readFileSync(path.join(root, file), 'utf8') }));

describe('texts with a number', () => {
  it('have their forms chosen by the language, not by a comparison with one', () => {
    assert.deepEqual(sources.flatMap(({ file, text }) => homemadePlurals(file, text)), []);
  });

  it('have the forms of English, each whole; `one` tells its number, since it is for 21 as well in other languages', () => {
    assert.deepEqual(sources.flatMap(({ file, text }) => patternsIn(file, text).flatMap((pattern) => problemsOf(pattern).map((problem) => `${file}: ${problem}: ${pattern}`))), []);
  });
});

describe('the checks of texts with a number (control)', () => {
  const bad = {
    'a noun chosen in a text': "`${count} ${count === 1 ? 'job' : 'jobs'}`",
    'an ending': "`job${count === 1 ? '' : 's'}`",
    'the other way round': "const text = count !== 1 ? `${count} jobs` : 'one job';",
    'calls that tell': "count === 1 ? l10n.t('1 job') : say('{count} jobs', { count })",
    'a return': "if (count === 1) return l10n.t('One job'); return '';",
  };
  for (const [name, text] of Object.entries(bad)) {
    it(`catch ${name}`, () => assert.equal(homemadePlurals('a.ts', text).length, 1));
  }

  it('allow a choice of what is not text, and a text for many only', () => {
    for (const text of ['ids.length === 1 ? ids : []', "count > 1 ? `${count} jobs` : ''", 'if (count === 1) return first;']) assert.deepEqual(homemadePlurals('a.ts', text), []);
  });

  it('catch a plural that is damaged, has no number in `one`, or stands within a sentence', () => {
    assert.deepEqual(
      ['{n, plural, one {# job} other {# jobs', '{n, plural, one {job} other {# jobs}}', 'In {n, plural, one {# job} other {# jobs}}'].map((pattern) => problemsOf(pattern).length),
      [1, 1, 1],
    );
    assert.deepEqual(['{n, plural, one {# job} other {# jobs}}', '{n, plural, =1 {the job} other {# jobs}}', '{n} of {all}'].flatMap(problemsOf), []);
  });
});

function problemsOf(pattern: string): string[] {
  if (!pattern.includes(', plural,')) return [];
  const plural = readPlural(pattern);
  if (plural === undefined) return ['is not a plural as a whole'];
  const names = [...plural.forms.keys()].join();
  if (!['one,other', '=1,other'].includes(names)) return [`has the forms ${names}`];
  const one = plural.forms.get('one');
  return one === undefined || one.includes('#') || one.includes(`{${plural.count}}`) ? [] : ["'one' doesn't tell its number: write =1"];
}

/** Places where a text is chosen by whether a number is one. */
function homemadePlurals(file: string, text: string): string[] {
  const found: string[] = [];
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const visit = (node: ts.Node): void => {
    const isChosen = ts.isConditionalExpression(node) && comparesWithOne(node.condition) && isText(node.whenTrue) && isText(node.whenFalse);
    const isReturned = ts.isIfStatement(node) && comparesWithOne(node.expression) && ts.isReturnStatement(node.thenStatement) && node.thenStatement.expression !== undefined && isText(node.thenStatement.expression);
    if (isChosen || isReturned) found.push(`${file}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${node.getText().slice(0, 100)}`);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function comparesWithOne(node: ts.Expression): boolean {
  return ts.isBinaryExpression(node) && [ts.SyntaxKind.EqualsEqualsEqualsToken, ts.SyntaxKind.ExclamationEqualsEqualsToken].includes(node.operatorToken.kind) && node.right.getText() === '1';
}

function isText(node: ts.Expression): boolean {
  if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) return true;
  return ts.isCallExpression(node) && /^(l10n\.t|(\w+\.)?(say|textOf))$/.test(node.expression.getText());
}
