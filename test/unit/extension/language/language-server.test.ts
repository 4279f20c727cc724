import assert from 'node:assert/strict';
import {
  CompletionRequest,
  DefinitionRequest,
  DocumentFormattingRequest,
  DocumentHighlightRequest,
  DocumentSymbolRequest,
  FoldingRangeRequest,
  HoverRequest,
  InsertTextFormat,
  ReferencesRequest,
  SelectionRangeRequest,
  type CompletionItem,
  type DocumentSymbol,
  type Hover,
  type Location,
  type LocationLink,
  type MarkupContent,
  type Position,
} from 'vscode-languageserver/node';
import { applyEdits } from '../../../support/apply-edits.ts';
import { LanguageBench, withCursor } from '../../../support/language-bench.ts';

const main = '.sluice/workflows/main.yaml';
const queues = '.sluice/queues.yaml';
const good = 'steps:\n  fetch:\n    queue: web\n    uses: http/request\n    with: { url: "https://example.com" }\n';
const project = { [main]: good, [queues]: 'queues:\n  web: { rate: 60/min }\n' };

describe('the language server', () => {
  let bench: LanguageBench;

  afterEach(async () => {
    assert.deepEqual(bench.faults, []);
    await bench.stop();
  });

  describe('what the schema says', () => {
    const complete = async (marked: string, file = main): Promise<readonly CompletionItem[]> => {
      const position = await bench.open(file, marked);
      const answer = await bench.client.sendRequest(CompletionRequest.type, bench.at(file, position));
      await bench.close(file);
      return Array.isArray(answer) ? answer : (answer?.items ?? []);
    };
    const labels = (items: readonly CompletionItem[]): readonly string[] => items.map(({ label }) => label);
    const hover = async (marked: string): Promise<string> => {
      const position = await bench.open(main, marked);
      const answer: Hover | null = await bench.client.sendRequest(HoverRequest.type, bench.at(main, position));
      await bench.close(main);
      return answer === null ? '' : (answer.contents as MarkupContent).value;
    };

    it('completes the keys of each place, in the order of the schema', async () => {
      bench = await LanguageBench.start();
      const byPlace: Readonly<Record<string, readonly string[]>> = {
        'name: x\n‸': ['description', 'on', 'inputs', 'required', 'queues', 'steps', 'on-failure'],
        'steps:\n  a:\n    ‸': ['uses', 'with', 'needs', 'if', 'queue', 'foreach', 'retry', 'timeout', 'priority'],
        'steps:\n  a:\n    uses: http/request\n    with:\n      ‸': ['url', 'method', 'query', 'headers', 'json', 'form', 'text', 'expect', 'max-bytes'],
        'steps:\n  a:\n    uses: email/send\n    with:\n      ‸': ['connection', 'from', 'to', 'cc', 'bcc', 'reply-to', 'subject', 'text', 'html', 'template', 'data', 'attachments', 'headers'],
        'steps:\n  a:\n    foreach:\n      ‸': ['items', 'file', 'as', 'key', 'on-item-failure', 'tolerate'],
        'queues:\n  a:\n    ‸': ['rate', 'concurrency', 'timeout', 'retry', 'priority', 'max-depth', 'dead-letters'],
        'queues:\n  a:\n    retry:\n      ‸': ['delays', 'jitter', 'on', 'unless'],
        'inputs:\n  a:\n    ‸': ['type', 'description', 'default', 'enum', 'format', 'items', 'properties', 'required'],
      };
      for (const [text, expected] of Object.entries(byPlace)) {
        const found = labels(await complete(text));
        assert.deepEqual(found.filter((label) => expected.includes(label)), expected, text);
        assert.deepEqual(found.filter((label) => label.startsWith('object') || label.startsWith('[object')), [], text);
      }
      assert.ok(labels(await complete('queues:\n  a:\n    ‸', queues)).includes('rate'));
      assert.ok(labels(await complete('connections:\n  a:\n    ‸', '.sluice/connections.yaml')).includes('host'));
      assert.ok(labels(await complete('‸', '.sluice/config.yaml')).includes('durability'));
    });

    it('offers each key once, as what its action makes of it', async () => {
      bench = await LanguageBench.start();
      for (const text of ['steps:\n  a:\n    uses: email/send\n    ‸', 'steps:\n  a: { uses: email/send, ‸ }\n']) {
        const items = await complete(text);
        const keys = labels(items);
        assert.deepEqual(keys.filter((key, index) => keys.indexOf(key) !== index), [], text);
        const added = items.find(({ label }) => label === 'with')?.textEdit?.newText ?? '';
        assert.deepEqual(['connection', 'to', 'subject'].filter((key) => !added.includes(key)), [], text);
      }
    });

    it('completes values', async () => {
      bench = await LanguageBench.start();
      assert.deepEqual(labels(await complete('steps:\n  a:\n    uses: ‸')).slice(0, 3), ['http/request', 'webhook/send', 'email/send']);
      assert.deepEqual(labels(await complete('queues:\n  a:\n    priority: ‸')), ['normal', 'low', 'high']);
      assert.ok(labels(await complete('queues:\n  a:\n    timeout: ‸')).includes('5m'));
      assert.ok(labels(await complete('queues:\n  a:\n    retry: ‸')).some((label) => label.startsWith('{ delays: ')));
      assert.ok(labels(await complete('steps:\n  a:\n    foreach:\n      on-item-failure: ‸')).includes('continue'));
    });

    it('writes each key as it should stand: with its colon, without quotes that YAML 1.2 has no need of', async () => {
      bench = await LanguageBench.start();
      const edits = new Map((await complete('‸')).map(({ label, textEdit }) => [label, textEdit?.newText]));
      assert.equal(edits.get('on'), 'on: ');
      assert.equal(edits.get('name'), 'name: ');
      assert.equal(edits.get('queues'), 'queues:\n  ');
      const inStep = new Map((await complete('steps:\n  a:\n    ‸')).map(({ label, textEdit }) => [label, textEdit?.newText]));
      assert.equal(inStep.get('uses'), 'uses: ');
      // There is a colon already.
      const renamed = new Map((await complete('steps:\n  a:\n    us‸: x')).map(({ label, textEdit }) => [label, textEdit?.newText]));
      assert.equal(renamed.get('uses'), 'uses');
    });

    it('completes keys in a long file as in a short one', async () => {
      bench = await LanguageBench.start();
      const steps = Array.from({ length: 300 }, (_, index) => `  step_${index}:\n    uses: http/request\n    with:\n      url: https://example.com/${index}\n`);
      const [before, after] = [steps.slice(0, 150).join(''), steps.slice(150).join('')];
      assert.ok(labels(await complete(`steps:\n${before}  new:\n    uses: email/send\n    with:\n      ‸\n${after}`)).includes('reply-to'));
      assert.ok(labels(await complete(`steps:\n${before}  new:\n    ‸\n${after}`)).includes('foreach'));
      assert.ok(labels(await complete(`steps:\n${before}${after}‸`)).includes('on-failure'));
    });

    it('explains keys and values, with defaults and examples', async () => {
      bench = await LanguageBench.start();
      assert.match(await hover('queues:\n  a:\n    ti‸meout: 3s\n'), /How long one attempt may take\.\n\nDefault: `30s`\n\nExamples: `5m`/);
      assert.match(await hover('queues:\n  a:\n    ra‸te: 3/s\n'), /Examples: `100\/min`, `{ limit: 1000, per: 1m, burst: 50 }`/);
      assert.match(await hover('steps:\n  a:\n    uses: http/req‸uest\n'), /Calls a URL/);
      assert.match(await hover('steps:\n  a:\n    uses: http/request\n    with:\n      max‸-bytes: 3\n'), /Default: `1048576`/);
      assert.equal(await hover('\n‸\nsteps: {}\n'), '');
    });

    it('lays a file out again, and changes none of its meaning', async () => {
      bench = await LanguageBench.start();
      const untidy = 'name:   Hello\nsteps:\n    fetch:\n        uses:   http/request   # why\n        if: ${{ inputs.dry   }}\n        with: {url: "${{ inputs.url }}"}\n\n\n\n        retry: none\n';
      await bench.open(main, untidy);
      const edits = await bench.client.sendRequest(DocumentFormattingRequest.type, { textDocument: { uri: bench.uri(main) }, options: { tabSize: 2, insertSpaces: true } });
      assert.equal(applyEdits(untidy, edits ?? []), 'name: Hello\nsteps:\n  fetch:\n    uses: http/request # why\n    if: ${{ inputs.dry   }}\n    with: { url: "${{ inputs.url }}" }\n\n    retry: none\n');
    });
  });

  describe('finding the way', () => {
    const text = 'inputs:\n  list: { type: array }\nsteps:\n  one:\n    uses: http/request\n    with:\n      url: https://example.com/${{ inputs.list }}\n  two:\n    needs: [one]\n    queue: web\n    uses: http/request\n    with: { url: "${{ steps.one.output.body }}" }\n';

    beforeEach(async () => {
      bench = await LanguageBench.start({ files: project });
      await bench.open('.sluice/workflows/way.yaml', text);
    });

    const place = (word: string): { textDocument: { uri: string }; position: Position } => bench.at('.sluice/workflows/way.yaml', withCursor(text.replace(word, `${word.slice(0, 1)}‸${word.slice(1)}`)).position);

    it('leads to where a name is declared, in another file too', async () => {
      const links = (await bench.client.sendRequest(DefinitionRequest.type, place('web'))) as readonly LocationLink[];
      assert.deepEqual(links.map(({ targetUri, targetRange }) => [targetUri, targetRange.start]), [[bench.uri(queues), { line: 1, character: 2 }]]);
    });

    it('lists and marks where a name is used', async () => {
      const references = await bench.client.sendRequest(ReferencesRequest.type, { ...place('one:'), context: { includeDeclaration: true } });
      assert.deepEqual(references?.map(({ range }) => range.start.line), [3, 8, 11]);
      const marks = await bench.client.sendRequest(DocumentHighlightRequest.type, place('one:'));
      assert.equal(marks?.length, 3);
    });

    it('gives the outline', async () => {
      const symbols = (await bench.client.sendRequest(DocumentSymbolRequest.type, { textDocument: { uri: bench.uri('.sluice/workflows/way.yaml') } })) as readonly DocumentSymbol[];
      assert.deepEqual(symbols.map(({ name, children }) => [name, children?.map((child) => `${child.name}: ${child.detail ?? ''}`)]), [
        ['inputs', ['list: array']],
        ['steps', ['one: http/request', 'two: http/request in web']],
      ]);
    });

    it('folds what has several lines, and widens a selection step by step', async () => {
      const folds = await bench.client.sendRequest(FoldingRangeRequest.type, { textDocument: { uri: bench.uri('.sluice/workflows/way.yaml') } });
      assert.deepEqual(folds?.map(({ startLine, endLine }) => [startLine, endLine]), [[0, 1], [2, 11], [3, 6], [5, 6], [7, 11]]);
      const [selection] = (await bench.client.sendRequest(SelectionRangeRequest.type, { textDocument: { uri: bench.uri('.sluice/workflows/way.yaml') }, positions: [place('inputs.list').position] })) ?? [];
      const taken: string[] = [];
      const lines = text.split('\n');
      for (let one = selection; one !== undefined; one = one.parent) {
        const { start, end } = one.range;
        taken.push(start.line === end.line ? (lines[start.line] ?? '').slice(start.character, end.character) : `${end.line - start.line + 1} lines`);
      }
      assert.deepEqual(taken, ['inputs.list', 'https://example.com/${{ inputs.list }}', 'url: https://example.com/${{ inputs.list }}', '2 lines', '3 lines', '4 lines', '9 lines', '10 lines', '12 lines', '13 lines']);
    });
  });

  describe('an editor', () => {
    it('that knows no links gets places', async () => {
      bench = await LanguageBench.start({ files: project, capabilities: {} });
      const position = await bench.open(main, good.replace('web', 'w‸eb'));
      const places = (await bench.client.sendRequest(DefinitionRequest.type, bench.at(main, position))) as readonly Location[];
      assert.deepEqual(places.map(({ uri }) => uri), [bench.uri(queues)]);
    });

    it('that knows no snippets gets texts', async () => {
      bench = await LanguageBench.start({ capabilities: {} });
      for (const [marked, label, expected] of [['queues:\n  a:\n    ‸', 'concurrency', 'concurrency: 10'], ['steps:\n  a:\n    uses: http/request\n    with:\n      ‸', 'url', 'url: https://api.example.com/people']] as const) {
        const position = await bench.open(main, marked);
        const items = (await bench.client.sendRequest(CompletionRequest.type, bench.at(main, position))) as readonly CompletionItem[];
        const item = items.find((one) => one.label === label);
        assert.deepEqual([item?.textEdit?.newText, item?.insertTextFormat], [expected, InsertTextFormat.PlainText]);
        await bench.close(main);
      }
    });

    it('gets an empty answer about a document that is not open', async () => {
      bench = await LanguageBench.start({ files: project });
      assert.deepEqual(await bench.client.sendRequest(CompletionRequest.type, bench.at(main, { line: 0, character: 0 })), []);
      assert.deepEqual(await bench.client.sendRequest(DocumentSymbolRequest.type, { textDocument: { uri: bench.uri(main) } }), []);
    });
  });
});
