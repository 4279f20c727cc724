/** The grammar, over the YAML grammar that other tools bring, and over that of VS Code where the test host of `test/vscode/` is installed. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import oniguruma from 'vscode-oniguruma';
import textmate, { type IOnigLib, type IRawGrammar } from 'vscode-textmate';

const require = createRequire(import.meta.url);

const root = path.resolve(import.meta.dirname, '../../../..');
const ownGrammar = path.join(root, 'extension/language/syntax/sluice.tmLanguage.json');
const classicYaml = require.resolve('tm-grammars/grammars/yaml.json');
const editorYaml = path.join(root, 'test/vscode/host/node_modules/code-server/lib/vscode/extensions/yaml/syntaxes');

const yamlGrammars: Readonly<Record<string, readonly string[]>> = {
  'the YAML grammar of other tools': [classicYaml],
  ...(existsSync(editorYaml) ? { 'the YAML grammar of VS Code': globSync('*.json', { cwd: editorYaml }).map((file) => path.join(editorYaml, file)) } : {}),
};

interface Token {
  readonly start: number;
  readonly end: number;
  /** From the outermost to the innermost, without that of the file. */
  readonly scopes: string;
}
type Colour = (text: string) => readonly Token[];

for (const [name, files] of Object.entries(yamlGrammars)) {
  describe(`the grammar, over ${name}`, () => {
    let colour: Colour;

    before(async () => {
      colour = await loadGrammar(files);
    });

    /** The scopes of the last character of a piece, where it first is in the text as a word of its own. */
    const scopeOf = (text: string, piece: string): string => {
      const start = new RegExp(`(?<!\\w)${escaped(piece)}(?!\\w)`).exec(text)?.index ?? text.indexOf(piece);
      assert.ok(start >= 0, `${piece} does not be in ${text}`);
      const last = start + piece.length - 1;
      return colour(text).find((token) => token.start <= last && last < token.end)?.scopes ?? '';
    };

    it('colours expressions in each style of YAML scalar', () => {
      for (const value of ['${{ inputs.list }}', 'Bearer ${{ inputs.list }} and more', '"a ${{ inputs.list }} b"', "'a ${{ inputs.list }} b'", '{ b: "${{ inputs.list }}" }', '[a, "${{ inputs.list }}"]', '|\n  a ${{ inputs.list }} b', '>-\n  ${{ inputs.list }}']) {
        const text = `key: ${value}\n`;
        assert.match(scopeOf(text, '${{'), /meta\.embedded\.inline\.sluice punctuation\.section\.embedded\.begin\.sluice$/, text);
        assert.match(scopeOf(text, 'inputs'), /variable\.language\.sluice$/, text);
        assert.match(scopeOf(text, 'list'), /variable\.other\.property\.sluice$/, text);
        assert.match(scopeOf(text, '}}'), /punctuation\.section\.embedded\.end\.sluice$/, text);
      }
    });

    it('tells the parts of an expression apart', () => {
      const text = "a: ${{ has(x.y) && size(steps.a.results.filter(r, r.status in ['ok', \"no\"])) >= 1.5 ? null : format('{0}', item) }}\n";
      const expected: Readonly<Record<string, string>> = {
        has: 'keyword.control.macro.sluice', size: 'entity.name.function.sluice', filter: 'keyword.control.macro.sluice', steps: 'variable.language.sluice', results: 'variable.other.property.sluice',
        in: 'keyword.operator.expression.sluice', ok: 'string.quoted.single.sluice', no: 'string.quoted.double.sluice', '>=': 'keyword.operator.sluice', '1.5': 'constant.numeric.sluice',
        null: 'constant.language.sluice', format: 'entity.name.function.sluice',
      };
      for (const [piece, scope] of Object.entries(expected)) assert.ok(scopeOf(text, piece).endsWith(scope), `${piece}: ${scopeOf(text, piece)}`);
    });

    it('reads quotes as YAML escapes them', () => {
      for (const text of ['a: "${{ x == \\"b\\" }} c"\n', "a: '${{ x == ''b'' }} c'\n", "a: ${{ x == 'b' }} c\n"]) {
        assert.match(scopeOf(text, 'b'), /string\.quoted\.(single|double)\.sluice$/, text);
        assert.match(scopeOf(text, '}}'), /embedded\.end/, text);
        assert.doesNotMatch(scopeOf(text, 'c'), /sluice/, text);
      }
      assert.match(scopeOf("a: ${{ x == '' }} c\n", '}}'), /embedded\.end/);
    });

    it('ends an expression where it ends, braces of its own or not', () => {
      const text = "a: \"${{ {'b': {'c': 1}} }} after\"\n";
      assert.doesNotMatch(scopeOf(text, 'after'), /meta\.embedded/);
      assert.match(scopeOf(text, '1'), /meta\.embedded/);
    });

    it('colours the rest of the file, whatever is still being typed', () => {
      const text = "a: ${{ inputs.\nb: ${{ 'open\nnext: 12\n";
      assert.match(scopeOf(text, 'next'), /entity\.name\.tag\.yaml$/);
      assert.doesNotMatch(scopeOf(text, 'next'), /sluice/);
    });

    it('knows that `if` takes an expression without braces', () => {
      for (const condition of ['success() && inputs.dry', '"success() && inputs.dry"', "'success() && inputs.dry'", '${{ success() && inputs.dry }}']) {
        const text = `steps:\n  a:\n    if: ${condition}   # why\n    uses: x\n`;
        assert.match(scopeOf(text, 'if'), /entity\.name\.tag\.yaml$/, text);
        assert.match(scopeOf(text, 'success'), /entity\.name\.function\.sluice$/, text);
        assert.match(scopeOf(text, 'inputs'), /variable\.language\.sluice$/, text);
        assert.match(scopeOf(text, 'why'), /comment/, text);
        assert.match(scopeOf(text, 'uses'), /entity\.name\.tag\.yaml$/, text);
      }
    });

    it('leaves comments, escapes and other texts alone', () => {
      assert.doesNotMatch(scopeOf('# ${{ inputs.a }}\n', '${{ inputs.a }}'), /sluice/);
      assert.match(scopeOf('a: x $${{ y\n', '$${{'), /constant\.character\.escape/);
      assert.doesNotMatch(scopeOf('a: >\n  what\n  if: inputs\n', 'inputs'), /sluice/);
    });

    it('gets through the examples with every expression closed', () => {
      for (const file of globSync('examples/*/.sluice/**/*.yaml', { cwd: root })) {
        const tokens = colour(readFileSync(path.join(root, file), 'utf8'));
        const count = (scope: string): number => tokens.filter(({ scopes }) => scopes.endsWith(scope)).length;
        assert.equal(count('embedded.begin.sluice'), count('embedded.end.sluice'), file);
      }
    });
  });
}

async function loadGrammar(yamlFiles: readonly string[]): Promise<Colour> {
  const wasm = readFileSync(require.resolve('vscode-oniguruma/release/onig.wasm'));
  await oniguruma.loadWASM(wasm);
  const onigLib: IOnigLib = { createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns), createOnigString: (text) => new oniguruma.OnigString(text) };
  const grammars = new Map<string, IRawGrammar>([ownGrammar, ...yamlFiles].map((file) => {
    const grammar = textmate.parseRawGrammar(readFileSync(file, 'utf8'), file);
    return [grammar.scopeName, grammar];
  }));
  const registry = new textmate.Registry({ onigLib: Promise.resolve(onigLib), loadGrammar: async (scope) => grammars.get(scope) ?? null });
  const grammar = await registry.loadGrammar('source.sluice');
  assert.ok(grammar);
  return (text) => {
    let state = textmate.INITIAL;
    let offset = 0;
    return text.split('\n').flatMap((line) => {
      const { tokens, ruleStack } = grammar.tokenizeLine(line, state);
      state = ruleStack;
      const lineStart = offset;
      offset += line.length + 1;
      return tokens.map(({ startIndex, endIndex, scopes }): Token => ({ start: lineStart + startIndex, end: lineStart + endIndex, scopes: scopes.slice(1).join(' ') }));
    });
  };
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
