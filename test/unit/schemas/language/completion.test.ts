import assert from 'node:assert/strict';
import type { CompletionItem, TextEdit } from 'vscode-languageserver-types';
import { complete } from '../../../../schemas/language/completion.ts';
import type { CompletionOptions, Completions } from '../../../../schemas/language/completions.ts';
import type { LanguageOptions } from '../../../../schemas/language/language-project.ts';
import { applyEdits } from '../../../support/apply-edits.ts';
import { main, marked } from './marked.ts';

const connectionsFile = '.sluice/connections.yaml';

/** A workflow with something of everything; `CODE` is what the test is about, in a condition of the step `last`, and so on. */
const base = `inputs:
  list: { type: array, items: { type: object, required: [email], properties: { email: { type: string, description: The address. }, name: { type: string }, 'post-code': { type: string } } } }
  count: { type: integer, default: 3, description: How many., examples: [5] }
  mode: { type: string, enum: [fast, slow] }
queues: { erp: { rate: 10/s } }
steps:
  enrich:
    foreach: { items: "\${{ inputs.list }}", as: person, on-item-failure: continue }
    uses: http/request
    with: { url: "x\${{ person.email }}" }
  letter:
    uses: email/send
    with: { connection: esp, to: a@example.com, subject: x, text: x }
  rows:
    foreach: { file: data.csv, on-item-failure: continue }
    uses: http/request
    with: { url: "\${{ item.id }}" }
`;
const project = { [connectionsFile]: 'connections:\n  esp: { type: smtp, host: h }\n', '.sluice/config.yaml': 'env: [REGION]\n' };

function completeIn(workflow: string, options: CompletionOptions = {}, more: LanguageOptions = { secrets: ['API_KEY'] }): { readonly found: Completions; readonly apply: (label: string) => string } {
  const place = marked({ ...project, [main]: workflow }, more);
  const found = complete(place.project, place.path, place.offset, options);
  const apply = (label: string): string => {
    const item = found.items.find((one) => one.label === label);
    const file = place.project.files.get(main);
    assert.ok(item && file, `${label} is not among ${found.items.map((one) => one.label).join(', ')}`);
    return applyEdits(file.text, [item.textEdit as TextEdit, ...(item.additionalTextEdits ?? [])]);
  };
  return { found, apply };
}

/** In an expression of the last step, between braces. */
function inExpression(code: string, options: CompletionOptions = {}): ReturnType<typeof completeIn> {
  return completeIn(`${base}  last:\n    uses: http/request\n    with:\n      url: \${{ ${code} }}\n`, options);
}

function labels({ items }: Completions): readonly string[] {
  return items.map(({ label }) => label);
}

function item({ items }: Completions, label: string): CompletionItem {
  const found = items.find((one) => one.label === label);
  assert.ok(found, `${label} is not among ${items.map((one) => one.label).join(', ')}`);
  return found;
}

interface Case {
  readonly code: string;
  /** All of these are offered. */
  readonly has?: readonly string[];
  /** None of these is. */
  readonly not?: readonly string[];
  /** Exactly these are. */
  readonly only?: readonly string[];
}

const methodsOfTime = ['formatDate', 'startOf', 'endOf', 'plus', 'minus', 'until', 'getFullYear', 'getMonth', 'getDate', 'getDayOfMonth', 'getDayOfWeek', 'getDayOfYear', 'getHours', 'getMinutes', 'getSeconds', 'getMilliseconds'];
// Text may say a time.
const methodsOfText = ['contains', 'size', 'startsWith', 'endsWith', 'matches', 'lowerAscii', 'upperAscii', 'lower', 'upper', 'trim', 'charAt', 'substring', 'indexOf', 'lastIndexOf', 'replace', 'split', 'padStart', 'padEnd', 'reverse', ...methodsOfTime];
const macros = ['filter', 'map', 'all', 'exists', 'exists_one', 'sortBy', 'groupBy', 'transformList', 'transformMap', 'transformMapEntry'];
const methodsOfList = ['contains', 'size', 'join', 'sum', 'min', 'max', 'first', 'last', 'sort', 'reverse', 'distinct', 'flatten', 'slice', 'zip', ...macros];
const resultFields = ['key', 'item', 'status', 'output', 'error'];

const expressions: Readonly<Record<string, Case>> = {
  'names at the beginning': { code: '‸', has: ['inputs', 'trigger', 'steps', 'run', 'job', 'env', 'secrets', 'size', 'default', 'has', 'true'], not: ['item', 'person', 'success'] },
  'names while one is typed': { code: 'inp‸', has: ['inputs'] },
  'names in the middle of one': { code: 'in‸puts.list', has: ['inputs'] },
  'names behind an operator, but no secrets, which stand alone': { code: "inputs.mode == 'fast' && ‸", has: ['inputs', 'steps'], not: ['secrets'] },
  'names within brackets that are not closed': { code: 'size(‸', has: ['inputs', 'steps'] },
  'names within a list': { code: '[1, ‸', has: ['inputs'] },
  'names of a choice that is not finished': { code: 'inputs.count > 1 ? ‸', has: ['inputs'] },
  'inputs': { code: 'inputs.‸', only: ['list', 'count', 'mode'] },
  'inputs while one is typed': { code: 'inputs.co‸', has: ['count'] },
  'inputs with more behind them': { code: 'inputs.‸ + 1', has: ['count'] },
  'inputs in brackets': { code: "inputs['‸", only: ['list', 'count', 'mode'] },
  'inputs in brackets that are closed': { code: "inputs['co‸']", only: ['list', 'count', 'mode'] },
  'methods of a text': { code: 'inputs.mode.‸', only: methodsOfText },
  'methods of a list': { code: 'inputs.list.‸', only: methodsOfList },
  'nothing of a number': { code: 'inputs.count.‸', only: [] },
  'fields of an element': { code: 'inputs.list[0].‸', has: ['email', 'name', 'post-code'], not: ['trim'] },
  'fields of an element within a function': { code: 'size(inputs.list[0].‸', has: ['email'] },
  'steps, but not itself': { code: 'steps.‸', only: ['enrich', 'letter', 'rows'] },
  'steps in brackets': { code: "steps['‸']", only: ['enrich', 'letter', 'rows'] },
  'what a step with items has': { code: 'steps.enrich.‸', has: ['results', 'status'], not: ['output'] },
  'what a step without items has': { code: 'steps.letter.‸', has: ['output', 'status'], not: ['results'] },
  'a result': { code: 'steps.enrich.results[0].‸', has: resultFields },
  "an action's output": { code: 'steps.enrich.results[0].output.‸', has: ['status', 'headers', 'body'] },
  'the output of another action': { code: 'steps.letter.output.‸', has: ['message-id', 'accepted', 'rejected', 'response'] },
  'the item of a result': { code: 'steps.enrich.results[0].item.‸', has: ['email', 'name'] },
  'an error': { code: 'steps.enrich.results[0].error.‸', has: ['kind', 'cause', 'message', 'status'] },
  'the variable of a macro': { code: 'steps.enrich.results.filter(r, ‸', has: ['r', 'inputs'] },
  'the members of the variable of a macro': { code: "steps.enrich.results.filter(r, r.‸", has: resultFields },
  'the members within two macros': { code: "steps.enrich.results.filter(r, r.status == 'dead').map(one, one.item.‸)", has: ['email'] },
  'what follows a macro': { code: "steps.enrich.results.filter(r, true).‸", only: methodsOfList },
  'an element of what a macro gives': { code: 'steps.enrich.results.map(r, r.output)[0].‸', has: ['status', 'headers', 'body'] },
  'no name where a macro takes a new one': { code: 'inputs.list.filter(‸', only: [] },
  'no name where bind takes a new one': { code: 'cel.bind(‸, 1, 2)', only: [] },
  'what is bound': { code: 'cel.bind(first, inputs.list[0], first.‸', has: ['email'] },
  'functions of a namespace': { code: 'math.‸', has: ['round', 'abs'], not: ['math.round', 'trim'] },
  'the variables of a macro with two': { code: "steps.enrich.results.all(at, r, r.‸)", has: resultFields },
  'bind': { code: 'cel.‸', only: ['bind'] },
  'values of a status': { code: "steps.enrich.results.filter(r, r.status == '‸')", has: ['succeeded', 'dead', 'cancelled'], not: ['inputs'] },
  'values of an enumeration, from the other side': { code: "'‸' == inputs.mode", only: ['fast', 'slow'] },
  'values of an enumeration in a list': { code: "inputs.mode in ['fast', '‸", only: ['fast', 'slow'] },
  'nothing in any other text': { code: "size('‸')", only: [] },
  'the run': { code: 'run.‸', only: ['id', 'workflow', 'created-at', 'error'] },
  'its error': { code: 'run.error.‸', has: ['message', 'step'] },
  'variables of the environment': { code: 'env.‸', has: ['REGION'] },
  'secrets that are set and that are named': { code: 'secrets.‸', only: ['API_KEY'] },
  'what a function gives': { code: 'now().‸', only: methodsOfText },
  'a point in time': { code: 'timestamp(now()).‸', has: ['getHours', 'getFullYear'], not: ['trim'] },
  'everything of a value that may be anything': { code: 'steps.enrich.results[0].output.body.‸', has: [...methodsOfText, ...methodsOfList] },
  'an unfinished part before it': { code: "inputs.list.map(x, ‸", has: ['x', 'inputs'] },
};

describe('completion within expressions', () => {
  for (const [what, { code, has = [], not = [], only }] of Object.entries(expressions)) {
    it(`offers ${what}: ${code}`, () => {
      const { found } = inExpression(code);
      const offered = labels(found);
      assert.equal(found.exclusive, true);
      assert.deepEqual(has.filter((label) => !offered.includes(label)), []);
      assert.deepEqual(not.filter((label) => offered.includes(label)), []);
      if (only !== undefined) assert.deepEqual(offered.toSorted(), only.toSorted());
    });
  }

  it('replaces the word at the cursor', () => {
    assert.match(inExpression('inputs.co‸').apply('count'), /\{\{ inputs\.count \}\}/);
    assert.match(inExpression('in‸puts.list').apply('inputs'), /\{\{ inputs\.list \}\}/);
    assert.match(inExpression("inputs['co‸']").apply('count'), /\{\{ inputs\['count'\] \}\}/);
    assert.match(inExpression('‸').apply('inputs'), /\{\{ inputs \}\}/);
  });

  it('writes a field that is not a name in brackets', () => {
    const { apply, found } = inExpression('steps.letter.output.mess‸');
    assert.match(apply('message-id'), /\{\{ steps\.letter\.output\['message-id'\] \}\}/);
    assert.equal(item(found, 'message-id').filterText, '.message-id');
  });

  it('tells types, descriptions, defaults and examples', () => {
    const count = item(inExpression('inputs.‸').found, 'count');
    assert.equal(count.detail, 'number, may be missing');
    assert.deepEqual(count.documentation, { kind: 'markdown', value: 'How many.\n\nDefault: `3`\n\nExample: `5`' });
    const size = item(inExpression('‸').found, 'size');
    assert.equal(size.detail, 'size(value: text | list | map): number');
    assert.equal(item(inExpression('steps.‸').found, 'enrich').detail, 'http/request');
    assert.equal(item(inExpression('secrets.‸').found, 'API_KEY').detail, 'set');
  });

  it('has snippets for an editor that knows them', () => {
    assert.match(inExpression('inputs.list.‸', { snippets: true }).apply('filter'), /inputs\.list\.filter\(\$\{1:x\}, \$\{2:condition\}\)/);
    assert.match(inExpression('‸', { snippets: true }).apply('now'), /\{\{ now\(\) \}\}/);
    assert.match(inExpression('inputs.list.‸').apply('filter'), /inputs\.list\.filter \}\}/);
  });

  const places: Readonly<Record<string, Case>> = {
    'a condition without braces': { code: `${base}  last:\n    if: inputs.‸\n    uses: http/request\n    with: { url: x }\n`, has: ['count'] },
    'a condition that is empty': { code: `${base}  last:\n    if: ‸\n    uses: http/request\n    with: { url: x }\n`, has: ['inputs', 'success', 'failure', 'always'], not: ['secrets'] },
    'a condition with braces': { code: `${base}  last:\n    if: \${{ ‸ }}\n    uses: http/request\n    with: { url: x }\n`, has: ['success', 'inputs'] },
    'braces that are not closed': { code: `${base}  last:\n    uses: http/request\n    with:\n      url: x\${{ inputs.‸\n`, has: ['count'] },
    'quotes': { code: `${base}  last:\n    uses: http/request\n    with: { url: "x\\t\${{ inputs.‸ }}" }\n`, has: ['count'] },
    'a block of several lines': { code: `${base}  last:\n    uses: http/request\n    with:\n      url: x\n      text: |\n        Hello\n\n        \${{ inputs.list[0].‸ }}\n`, has: ['email'] },
    'the second of two expressions': { code: `${base}  last:\n    uses: http/request\n    with:\n      url: \${{ inputs.mode }}/\${{ run.‸ }}/\${{ inputs.mode }}\n`, has: ['id'], not: ['list'] },
    'the fields of an item': { code: `${base}  last:\n    foreach: { items: "\${{ inputs.list }}", as: one, on-item-failure: fail }\n    uses: http/request\n    with: { url: "\${{ one.‸ }}" }\n`, has: ['email', 'name'] },
    'the name of an item': { code: `${base}  last:\n    foreach: { items: "\${{ inputs.list }}", as: one, on-item-failure: fail }\n    uses: http/request\n    with: { url: "\${{ ‸ }}" }\n`, has: ['one'], not: ['item'] },
    'the page, where pages are read': { code: `${base}  last:\n    uses: http/request\n    with: { url: x }\n    paginate: { items: "\${{ ‸ }}" }\n`, has: ['page'], not: ['item'] },
    'no page in the request of one': { code: `${base}  last:\n    uses: http/request\n    with: { url: "\${{ ‸ }}" }\n    paginate: { items: "\${{ page.body }}" }\n`, has: ['inputs'], not: ['page'] },
    'the fields of a page': { code: `${base}  last:\n    uses: http/request\n    with: { url: x }\n    paginate: { items: "\${{ page.body }}", next: "\${{ page.‸ }}" }\n`, has: ['status', 'headers', 'body', 'links', 'number'] },
    'the links of a page': { code: `${base}  last:\n    uses: http/request\n    with: { url: x }\n    paginate: { items: "\${{ page.body }}", next: "\${{ page.links.‸ }}" }\n`, has: ['next', 'prev', 'first', 'last'] },
    'what a step with pages gives': { code: `${base}  list:\n    uses: http/request\n    with: { url: x }\n    paginate: { items: "\${{ page.body }}", next: "\${{ page.links.next }}" }\n  last:\n    uses: http/request\n    with: { url: "\${{ steps.list.‸ }}" }\n`, has: ['items', 'output', 'status'], not: ['results'] },
    'the key of an item': { code: `${base}  last:\n    foreach: { items: "\${{ inputs.list }}", key: "\${{ item.‸ }}", on-item-failure: fail }\n    uses: http/request\n    with: { url: x }\n`, has: ['email'] },
    'the items themselves': { code: `${base}  last:\n    foreach: { items: "\${{ ‸ }}", as: one, on-item-failure: fail }\n    uses: http/request\n    with: { url: x }\n`, has: ['inputs', 'steps'], not: ['one', 'secrets'] },
    'a lane': { code: `${base}  last:\n    lane: \${{ inputs.‸ }}\n    uses: http/request\n    with: { url: x }\n`, has: ['mode'] },
    'a step of on-failure, which sees all steps': { code: `${base}on-failure:\n  tell:\n    uses: http/request\n    with: { url: "\${{ steps.‸ }}" }\n`, only: ['enrich', 'letter', 'rows'] },
    'a step before others, which sees none that waits for it': { code: base.replace('url: "x${{ person.email }}"', 'url: "x${{ steps.‸ }}"').replace('to: a@example.com', 'to: "${{ steps.enrich.status }}"'), only: ['rows'] },
    'a field that takes no secrets': { code: `${base}  last:\n    uses: email/send\n    with: { connection: esp, to: x, subject: "\${{ ‸ }}", text: x }\n`, has: ['inputs'], not: ['secrets'] },
    'the key of deliveries of a webhook': { code: `on: { webhook: { path: x, verify: { scheme: none }, dedupe: "\${{ ‸ }}" } }\n${base}`, has: ['trigger', 'size'], not: ['inputs', 'steps', 'secrets'] },
  };
  for (const [what, { code, has = [], not = [], only }] of Object.entries(places)) {
    it(`works in ${what}`, () => {
      const offered = labels(completeIn(code).found);
      assert.deepEqual(has.filter((label) => !offered.includes(label)), []);
      assert.deepEqual(not.filter((label) => offered.includes(label)), []);
      if (only !== undefined) assert.deepEqual(offered.toSorted(), only.toSorted());
    });
  }

  it('works in connections.yaml, for secrets', () => {
    const place = marked({ [connectionsFile]: 'connections:\n  esp: { type: smtp, host: h, user: u, password: "${{ secrets.‸ }}" }\n' }, { secrets: ['MAIL'] });
    assert.deepEqual(labels(complete(place.project, place.path, place.offset)), ['MAIL']);
  });

  it('offers a secret whole where one may stand', () => {
    const { apply, found } = completeIn(`${base}  last:\n    uses: http/request\n    with:\n      url: x\n      headers: { authorization: "Bearer ‸" }\n`);
    assert.equal(found.exclusive, false);
    assert.match(apply('${{ secrets.API_KEY }}'), /"Bearer \$\{\{ secrets\.API_KEY \}\}"/);
    assert.deepEqual(labels(completeIn(`${base}  last:\n    uses: email/send\n    with:\n      subject: "x ‸"\n`).found), []);
  });
});

describe('completion within expressions that are not finished', () => {
  const last = `${base}  last:\n    uses: http/request\n    with:`;
  /** The text, what is taken of the list, and what the line of the cursor is then. */
  const cases: Readonly<Record<string, readonly [text: string, label: string, line: string]>> = {
    'nothing behind the braces': [`${last}\n      url: \${{ ‸\n      method: GET\n`, 'inputs', '      url: ${{ inputs }}'],
    'not even a space': [`${last}\n      url: x\${{‸\n`, 'inputs', '      url: x${{inputs }}'],
    'a member': [`${last}\n      url: \${{ inputs.‸\n`, 'mode', '      url: ${{ inputs.mode }}'],
    'a word that is begun': [`${last}\n      url: \${{ inputs.mo‸\n`, 'mode', '      url: ${{ inputs.mode }}'],
    'a word around the cursor': [`${last}\n      url: \${{ in‸put\n`, 'inputs', '      url: ${{ inputs }}'],
    'a second one on the line': [`${last}\n      url: \${{ inputs.mode }}/\${{ inputs.‸\n`, 'mode', '      url: ${{ inputs.mode }}/${{ inputs.mode }}'],
    'one before another': [`${last}\n      url: \${{ inputs.‸ # why\n`, 'mode', '      url: ${{ inputs.mode }} # why'],
    'quotes': [`${last}\n      url: "\${{ ‸"\n`, 'run', '      url: "${{ run }}"'],
    'quotes that are open': [`${last}\n      url: "\${{ ‸\n`, 'run', '      url: "${{ run }}'],
    'quotes within a map': [`${last} { url: '\${{ ‸' }\n`, 'run', "    with: { url: '${{ run }}' }"],
    'a map, bare': [`${last} { url: \${{ ‸ }\n`, 'inputs', '    with: { url: "${{ inputs }}" }'],
    'a map, bare and closed': [`${last} { url: \${{ inputs.‸ }}, method: GET }\n`, 'mode', '    with: { url: "${{ inputs.mode }}", method: GET }'],
    'a map, bare and with quotes of its own': [`${last} { url: \${{ default("x", inputs.‸ }\n`, 'mode', `    with: { url: '\${{ default("x", inputs.mode }}' }`],
    'a field that is not a name': [`${last}\n      url: \${{ steps.letter.output.‸\n`, 'message-id', "      url: ${{ steps.letter.output['message-id'] }}"],
    'a condition': [`${base}  last:\n    if: \${{ ‸\n    uses: http/request\n`, 'success', '    if: ${{ success }}'],
    'items': [`${base}  last:\n    foreach:\n      items: \${{ ‸\n    uses: http/request\n`, 'steps', '      items: ${{ steps }}'],
  };
  for (const [what, [text, label, line]] of Object.entries(cases)) {
    it(`closes ${what}`, () => {
      const { found, apply } = completeIn(text);
      assert.equal(found.exclusive, true);
      assert.equal(apply(label).split('\n')[text.slice(0, text.indexOf('‸')).split('\n').length - 1], line);
    });
  }

  it('leaves the cursor within the braces, for an editor that knows snippets', () => {
    const { found } = completeIn(`${last}\n      url: \${{ ‸\n`, { snippets: true });
    assert.equal(item(found, 'inputs').textEdit?.newText, 'inputs$0 \\}\\}');
    assert.equal(item(found, 'size').textEdit?.newText, 'size(${1:value})$0 \\}\\}');
    assert.equal(item(found, 'size').insertTextFormat, 2);
  });

  it('closes nothing that is closed, on another line too, and nothing that continues', () => {
    assert.match(inExpression('inputs.‸').apply('mode'), /\{\{ inputs\.mode \}\}\n/);
    assert.match(completeIn(`${last}\n      url: x\n      text: |\n        \${{ inputs.‸\n        }}\n`).apply('mode'), /\{\{ inputs\.mode\n +\}\}\n/);
    assert.match(completeIn(`${last}\n      url: \${{ inputs.‸ + 1\n`).apply('mode'), /\{\{ inputs\.mode \+ 1\n/);
  });

  describe('in a script', () => {
    const script = (code: string): ReturnType<typeof completeIn> => completeIn(`${base}  last:\n    uses: transform/script\n    with:\n      script: |\n        export default ({ inputs, steps }) => {\n          ${code}\n        }\n`);

    it('offers what is behind the names of its argument, and no functions of expressions', () => {
      assert.deepEqual([...labels(script('return inputs.‸;').found)].sort(), ['count', 'list', 'mode']);
      assert.match(script('return steps?.letter?.output?.acc‸').apply('accepted'), /return steps\?\.letter\?\.output\?\.accepted\n/);
      assert.ok(labels(script('return steps.‸').found).includes('enrich'));
    });

    it('offers those names where the argument is taken apart', () => {
      const { found } = completeIn(`${base}  last:\n    uses: transform/script\n    with:\n      script: |\n        export default ({ ‸ }) => 1\n`);
      assert.deepEqual(labels(found).filter((label) => ['inputs', 'steps', 'now', 'secrets', 'contains'].includes(label)).sort(), ['inputs', 'now', 'steps']);
    });

    it('offers nothing of the kind elsewhere', () => assert.deepEqual(labels(script('return Math.‸').found), []));
  });

  it('offers nothing in a comment', () => assert.deepEqual(completeIn(`${base}# \${{ ‸\n`).found.items, []));
});

describe('completion of names in YAML', () => {
  const head = `queues: { erp: {}, slow: {} }\ninputs: { one: {}, two: {} }\n`;
  const three = '  a: { uses: http/request, with: { url: x } }\n  b: { needs: a, uses: http/request, with: { url: x } }\n  c: { uses: http/request, with: { url: "${{ steps.b.status }}" } }\n';
  const places: Readonly<Record<string, readonly [text: string, only: readonly string[]]>> = {
    'needs, without a value': [`${head}steps:\n${three}  d:\n    needs: ‸\n    uses: http/request\n`, ['a', 'b', 'c']],
    'needs, as a list in brackets': [`${head}steps:\n${three}  d: { needs: [a, ‸], uses: http/request, with: { url: x } }\n`, ['b', 'c']],
    'needs, in empty brackets': [`${head}steps:\n${three}  d:\n    needs: [‸]\n    uses: http/request\n`, ['a', 'b', 'c']],
    'needs, as a list below it': [`${head}steps:\n${three}  d:\n    needs:\n      - a\n      - ‸\n    uses: http/request\n`, ['b', 'c']],
    'needs, while one is typed': [`${head}steps:\n${three}  d:\n    needs: [a, b‸]\n    uses: http/request\n`, ['b', 'c']],
    'needs, but no circle': [`${head}steps:\n${three.replace('a: { uses', 'a: { needs: [‸], uses')}`, []],
    'needs of on-failure': [`${head}steps:\n${three}on-failure:\n  x: { uses: http/request, with: { url: x } }\n  y:\n    needs: ‸\n`, ['x']],
    'a queue': [`${head}steps:\n  a:\n    queue: ‸\n    uses: http/request\n`, ['default', 'erp', 'shared', 'slow']],
    'a queue, in quotes': [`${head}steps:\n  a:\n    queue: "e‸"\n    uses: http/request\n`, ['default', 'erp', 'shared', 'slow']],
    'a connection': [`${head}steps:\n  a:\n    uses: email/send\n    with:\n      connection: ‸\n      to: x\n`, ['esp']],
    'an action': [`${head}steps:\n  a:\n    uses: ‸\n`, ['email/send', 'file/write', 'http/request', 'sql/query', 'transform/jsonata', 'transform/script', 'wait/for', 'wait/signal', 'webhook/send', 'workflow/run']],
    'required inputs': [`${head}required: [one, ‸]\nsteps:\n${three}`, ['two']],
  };
  for (const [what, [text, only]] of Object.entries(places)) {
    it(`offers ${what}`, () => {
      const place = marked({ ...project, '.sluice/queues.yaml': 'queues: { shared: {} }\n', [main]: text });
      const found = complete(place.project, main, place.offset);
      assert.deepEqual(labels(found).toSorted(), only);
    });
  }

  it('offers the outputs of the workflow that a step runs, and the payload that another waits for', () => {
    const onboard = { '.sluice/workflows/onboard.yaml': 'inputs: { email: { type: string, description: The address. }, n: { type: integer } }\nrequired: [email]\noutputs: { booked: "${{ run.id }}", n: 1 }\nsteps: { only: { uses: wait/for, with: { duration: 1s } } }\n' };
    const steps = 'steps:\n  go: { uses: workflow/run, with: { workflow: onboard, inputs: { email: x } } }\n  ask: { uses: wait/signal, with: { name: ok, payload: { approved: { type: boolean } } } }\n  none: { uses: workflow/run, with: { workflow: gone } }\n';
    const offered = (code: string): readonly string[] => {
      const place = marked({ ...onboard, [main]: `${steps}outputs: { x: "\${{ ${code} }}" }\n` });
      return complete(place.project, main, place.offset).items.map(({ label, detail }) => `${label}: ${detail ?? ''}`);
    };
    assert.deepEqual(offered('steps.go.output.‸'), ['booked: text', 'n: number']);
    assert.deepEqual(offered('steps.ask.output.payload.‸'), ['approved: boolean']);
    assert.ok(offered('steps.none.output.‸').length > 5, 'what is not known has all methods');
  });

  it('offers the inputs of the workflow that a step runs, but for those that are given', () => {
    const onboard = { '.sluice/workflows/onboard.yaml': 'inputs: { email: { type: string, description: The address. }, n: { type: integer } }\nrequired: [email]\nsteps: { only: { uses: wait/for, with: { duration: 1s } } }\n' };
    const offered = (body: string): readonly string[] => {
      const place = marked({ ...onboard, [main]: `steps:\n  go:\n    uses: workflow/run\n    with:\n      workflow: onboard\n${body}` });
      return complete(place.project, main, place.offset).items.map(({ label, textEdit }) => `${label}: ${textEdit !== undefined && 'range' in textEdit ? `${textEdit.newText}|${textEdit.range.end.character - textEdit.range.start.character}` : ''}`);
    };
    assert.deepEqual(offered('      inputs:\n        ‸\n'), ['email: email: |0', 'n: n: |0']);
    assert.deepEqual(offered('      inputs:\n        em‸\n'), ['email: email: |2', 'n: n: |2']);
    assert.deepEqual(offered('      inputs:\n        email: x\n        ‸\n'), ['n: n: |0']);
    assert.deepEqual(offered('      inputs:\n        email: x\n        n‸\n'), ['n: n: |1']);
    assert.deepEqual(offered('      inputs: { email: x, ‸ }\n'), ['n: n: |0']);
    assert.deepEqual(offered('      inputs: { email: ‸ }\n'), []);
  });

  it('replaces what is typed, within its quotes', () => {
    assert.match(completeIn(`${head}steps:\n  a:\n    queue: "e‸x"\n`).apply('erp'), /queue: "erp"\n/);
    assert.match(completeIn(`${head}steps:\n  a:\n    queue: ‸\n`).apply('erp'), /queue: erp\n/);
    assert.match(completeIn(`${head}steps:\n${three}  d:\n    needs: [a, ‸]\n`).apply('b'), /needs: \[a, b\]\n/);
  });

  it('offers the default queue last', () => {
    const { found } = completeIn(`queues: { erp: {}, zeta: {} }\nsteps:\n  a:\n    queue: ‸\n`);
    assert.deepEqual(found.items.toSorted((a, b) => String(a.sortText).localeCompare(String(b.sortText))).map(({ label }) => label), ['erp', 'zeta', 'default']);
  });

  it('describes what it offers', () => {
    const { found } = completeIn(`${head}steps:\n  a:\n    queue: ‸\n`);
    assert.match((item(found, 'erp').documentation as { readonly value: string }).value, /10 at the same time \(default\)/);
  });

  it('offers time zones', () => {
    assert.ok(labels(completeIn(`on: { schedule: [{ cron: "0 9 * * *", timezone: Eu‸ }] }\nsteps:\n${three}`).found).includes('Europe/Berlin'));
  });

  it('leaves keys, and values that are not names, to the schemas', () => {
    for (const text of [`${head}steps:\n  a:\n    us‸\n`, `${head}steps:\n  a:\n    ‸\n`, `${head}steps:\n  a: { uses: http/request, with: { method: ‸ } }\n`, 'name: ‸\n', '‸', '# ‸\n']) {
      assert.deepEqual(completeIn(text).found, { items: [], exclusive: false }, text);
    }
    assert.deepEqual(complete(marked('').project, 'nowhere.yaml', 0).items, []);
  });

  it('offers the names of signals to what makes a link to answer one', () => {
    const { found, apply } = completeIn(`steps:
  approve: { uses: wait/signal, with: { name: approve } }
  callback: { uses: wait/signal, with: { name: "done-\${{ inputs.n }}" } }
  ask:
    uses: webhook/send
    with: { url: "https://chat.example.com", body: { text: "\${{ signalUrl('‸') }}" } }
`);
    assert.deepEqual(found.items.map(({ label }) => label), ['approve']);
    assert.match(apply('approve'), /signalUrl\('approve'\)/);
  });
});

describe('completion in config.yaml', () => {
  const labelsAt = (config: string): readonly string[] => {
    const place = marked({ [connectionsFile]: 'connections:\n  esp: { type: smtp, host: h }\n  crm: { type: http, url: "https://crm.example.com" }\n', '.sluice/config.yaml': config }, { secrets: ['CHAT'] });
    return labels(complete(place.project, place.path, place.offset, {}));
  };

  it('offers the connections that can mail alerts, time zones of quiet hours, and secrets', () => {
    assert.deepEqual(labelsAt('alerts:\n  - { email: a@example.com, connection: ‸ }\n'), ['esp']);
    assert.ok(labelsAt('alerts:\n  - { email: a@example.com, connection: esp, quiet-hours: { from: "22:00", to: "07:00", timezone: Europe/B‸ } }\n').includes('Europe/Berlin'));
    assert.deepEqual(labelsAt('alerts:\n  - { webhook: "${{ secrets.‸ }}" }\n'), ['CHAT']);
  });
});
