import assert from 'node:assert/strict';
import {
  CodeActionRequest,
  CompletionRequest,
  HoverRequest,
  InlayHintRequest,
  PrepareRenameRequest,
  RenameRequest,
  SignatureHelpRequest,
  type CodeAction,
  type CompletionItem,
  type MarkupContent,
} from 'vscode-languageserver/node';
import { applyEdits } from '../../../support/apply-edits.ts';
import { LanguageBench, withCursor } from '../../../support/language-bench.ts';

const main = '.sluice/workflows/main.yaml';
const queues = '.sluice/queues.yaml';
const files = { [queues]: 'queues:\n  web: { rate: 60/min, alerts: { dead-letters: { warning: 1 } } }\n' };
const text = 'inputs:\n  list: { type: array }\nsteps:\n  fetch:\n    queue: web\n    uses: http/request\n    with:\n      url: https://example.com/${{ inputs.list[0] }}\n';

describe('the language server, with what is meant', () => {
  let bench: LanguageBench;

  beforeEach(async () => {
    bench = await LanguageBench.start({ files });
  });
  afterEach(async () => {
    assert.deepEqual(bench.faults, []);
    await bench.stop();
  });

  const complete = async (marked: string, file = main): Promise<readonly CompletionItem[]> => {
    const position = await bench.open(file, marked);
    const answer = await bench.client.sendRequest(CompletionRequest.type, bench.at(file, position));
    await bench.close(file);
    return Array.isArray(answer) ? answer : (answer?.items ?? []);
  };
  const whole = { start: { line: 0, character: 0 }, end: { line: 100, character: 0 } };

  it('completes names within expressions, and offers no keys there', async () => {
    const labels = (await complete(text.replace('inputs.list[0]', 'inputs.‸'))).map(({ label }) => label);
    assert.deepEqual(labels, ['list']);
  });

  it('completes queues of the project together with what the schema says, each once', async () => {
    const labels = (await complete(text.replace('queue: web', 'queue: ‸'))).map(({ label }) => label);
    assert.ok(labels.includes('web'), labels.join());
    assert.deepEqual(labels, [...new Set(labels)]);
  });

  it('completes the keys of a connection by its type, and those of its credentials by theirs', async () => {
    const connections = '.sluice/connections.yaml';
    const labels = async (marked: string): Promise<readonly string[]> => (await complete(`connections:\n  crm:\n    ${marked}`, connections)).map(({ label }) => label);
    assert.deepEqual((await labels('type: ‸')).toSorted(), ['http', 'postgres', 'smtp', 'sqlite']);
    const http = await labels('type: http\n    ‸');
    assert.ok(['url', 'headers', 'timeout', 'auth'].every((key) => http.includes(key)) && !http.includes('host'), http.join());
    const smtp = await labels('type: smtp\n    ‸');
    assert.ok(['host', 'port', 'password'].every((key) => smtp.includes(key)) && !smtp.includes('auth'), smtp.join());
    assert.deepEqual((await labels('type: http\n    auth:\n      type: ‸')).toSorted(), ['aws-sigv4', 'basic', 'bearer', 'google-service-account', 'header', 'oauth2', 'query']);
    const oauth = await labels('type: http\n    auth:\n      type: oauth2\n      ‸');
    assert.ok(['grant', 'token-url', 'client-id', 'client-secret'].every((key) => oauth.includes(key)) && !oauth.includes('token'), oauth.join());
    assert.deepEqual((await labels('type: http\n    auth:\n      type: oauth2\n      grant: ‸')).toSorted(), ['client-credentials', 'refresh-token']);
  });

  it('completes connections of the type that the action takes', async () => {
    await bench.write('.sluice/connections.yaml', 'connections:\n  esp: { type: smtp, host: h }\n  crm: { type: http, url: "https://crm.example" }\n');
    await bench.fileChanged('.sluice/connections.yaml');
    const labels = async (uses: string): Promise<readonly string[]> => (await complete(`steps:\n  one:\n    uses: ${uses}\n    with:\n      connection: ‸\n`)).map(({ label }) => label);
    assert.deepEqual([await labels('http/request'), await labels('email/send')], [['crm'], ['esp']]);
  });

  it('completes keys below a list of names', async () => {
    const below = async (marked: string): Promise<readonly string[]> => (await complete(marked)).map(({ label }) => label);
    const inputs = 'inputs: { list: { type: array }, other: { type: string } }\n';
    const labels = await below(`${inputs}required:\n  - list\n‸`);
    assert.ok(labels.includes('steps') && !labels.includes('other'), labels.join());
    const keys = await below('steps:\n  a: { uses: http/request }\n  c: { uses: http/request }\n  b:\n    needs:\n      - a\n    ‸');
    assert.ok(keys.includes('uses') && !keys.includes('c'), keys.join());
    assert.deepEqual(await below(`${inputs}required: [list, ‸]\n`), ['other']);
  });

  it('completes keys and values within brackets, whether a word is begun or not, and stays on the line', async () => {
    const step = (rest: string): string => `steps:\n  a: { uses: http/request, ${rest} }\n`;
    const cases: Readonly<Record<string, readonly string[]>> = {
      [step('with: { url: x, method: ‸ }')]: ['GET', 'POST'],
      [step('with: { url: x, method: ‸}')]: ['GET', 'POST'],
      [step('with: { url: x, me‸ }')]: ['method', 'headers'],
      [step('with: { url: x, ‸ }')]: ['method', 'headers'],
      [step('with: {‸}')]: ['url', 'method'],
      [step('with: {\n    url: x,\n    ‸\n  }')]: ['method', 'headers'],
      [step('‸')]: ['queue', 'foreach', 'retry'],
      'queues:\n  q: { alerts: { ‸ } }\n': ['depth', 'dead-letters'],
      'queues:\n  q: { retry: { type: ‸ } }\n': ['exponential'],
      'on: { schedule: [ { cron: "0 9 * * *", missed: ‸ } ] }\n': ['run-once'],
    };
    for (const [marked, wanted] of Object.entries(cases)) {
      const items = await complete(marked);
      assert.deepEqual(wanted.filter((label) => !items.some((item) => item.label === label)), [], marked);
      for (const { label, textEdit } of items) {
        assert.ok(textEdit !== undefined && 'range' in textEdit, label);
        assert.doesNotMatch(textEdit.newText, /\n/, `${marked}: ${label}`);
        const { text: plain } = withCursor(marked);
        assert.match(applyEdits(plain, [{ range: textEdit.range, newText: '!' }]), /[ {]!/, `${marked}: ${label} leaves nothing of what it replaces`);
        assert.equal(applyEdits(plain, [{ range: textEdit.range, newText: '' }]), plain.replace('me }', ' }'), marked);
      }
    }
    assert.deepEqual(await complete(step('with: { url: x, method: GET ‸}')).then((items) => items.filter(({ label }) => label === 'headers')), []);
  });

  it('writes a map behind its key where it is within brackets, and below it elsewhere', async () => {
    const textOf = async (marked: string): Promise<string | undefined> => (await complete(marked)).find(({ label }) => label === 'headers')?.textEdit?.newText;
    assert.equal(await textOf('steps:\n  a: { uses: http/request, with: { url: x, ‸ } }\n'), 'headers: { $1 \\}');
    assert.equal(await textOf('steps:\n  a:\n    uses: http/request\n    with:\n      url: x\n      ‸\n'), 'headers:\n  ');
  });

  it('proposes no queue of its own behind the key', async () => {
    const queue = (await complete('steps:\n  a:\n    uses: http/request\n    ‸\n')).find(({ label }) => label === 'queue');
    assert.equal(queue?.textEdit?.newText ?? queue?.insertText, 'queue: ');
  });

  it('continues within the step that was taken from the list', async () => {
    const step = (await complete('steps:\n  ‸')).find(({ label }) => label === 'step: http/request');
    assert.match(step?.textEdit?.newText ?? '', /\n {2}timeout: \$\{4:20s\}\n {2}\$0$/);
  });

  it('offers whole workflows in an empty file, which are right as they stand', async () => {
    const items = (await complete('# A comment may be there.\n‸')).filter(({ sortText }) => sortText?.startsWith('9') === true);
    assert.ok(items.length >= 3);
    for (const { label, textEdit } of items) {
      await bench.open(main, textEdit?.newText ?? '');
      const wrong = (await bench.diagnostics(main)).filter(({ severity, code }) => severity === 1 && !['unknown-connection', 'unknown-secret'].includes(String(code)));
      assert.deepEqual(wrong, [], label);
      await bench.close(main);
    }
  });

  it('offers a step for each action where a step may stand, and each is right as it stands', async () => {
    await bench.write('.sluice/connections.yaml', 'connections:\n  esp: { type: smtp, host: smtp.example.com, from: a@example.com }\n  db: { type: sqlite, file: data/app.db }\n');
    await bench.fileChanged('.sluice/connections.yaml');
    await bench.write('.sluice/workflows/other.yaml', 'steps:\n  call: { uses: http/request, with: { url: "https://example.com" } }\n');
    await bench.fileChanged('.sluice/workflows/other.yaml');
    // An editor that knows no snippets gets what one that knows them would begin with.
    const plain = await LanguageBench.start({ capabilities: {} });
    const position = await plain.open(main, 'inputs:\n  list: { type: array, items: { type: object } }\nsteps:\n  ‸');
    const answer = (await plain.client.sendRequest(CompletionRequest.type, plain.at(main, position))) as readonly CompletionItem[];
    await plain.stop();
    const items = answer.filter(({ label }) => label.startsWith('step: '));
    assert.deepEqual(items.map(({ label }) => label), ['step: http/request', 'step: webhook/send', 'step: email/send', 'step: file/write', 'step: sql/query', 'step: transform/jsonata', 'step: transform/script', 'step: wait/for', 'step: wait/signal', 'step: workflow/run', 'step: foreach']);
    for (const { label, textEdit } of items) {
      const step = (textEdit?.newText ?? '').replace(/\n(?=.)/g, '\n  ');
      await bench.open(main, `inputs:\n  list: { type: array, items: { type: object } }\nsteps:\n  ${step}`);
      assert.deepEqual((await bench.diagnostics(main)).filter(({ severity }) => severity === 1), [], label);
      await bench.close(main);
    }
    assert.ok(!(await complete('inputs:\n  ‸')).some(({ label }) => label.startsWith('step: ')));
  });

  it('explains a name by what it stands for, and a key by the schema', async () => {
    const hoverAt = async (marked: string): Promise<string> => {
      const position = await bench.open(main, marked);
      const answer = await bench.client.sendRequest(HoverRequest.type, bench.at(main, position));
      await bench.close(main);
      return (answer?.contents as MarkupContent | undefined)?.value ?? '';
    };
    assert.match(await hoverAt(text.replace('queue: web', 'queue: w‸eb')), /60\/min/);
    assert.match(await hoverAt(text.replace('queue: web', 'que‸ue: web')), /queue in which its jobs wait/);
  });

  it('gives another name at every place, and says why where it cannot', async () => {
    const position = await bench.open(main, text.replace('queue: web', 'queue: w‸eb'));
    const place = bench.at(main, position);
    assert.deepEqual(await bench.client.sendRequest(PrepareRenameRequest.type, place), { range: { start: { line: 4, character: 11 }, end: { line: 4, character: 14 } }, placeholder: 'web' });
    const edit = await bench.client.sendRequest(RenameRequest.type, { ...place, newName: 'net' });
    assert.deepEqual(Object.keys(edit?.changes ?? {}).toSorted(), [bench.uri(queues), bench.uri(main)].toSorted());
    await assert.rejects(bench.client.sendRequest(RenameRequest.type, { ...place, newName: 'no name' }));
    await assert.rejects(bench.client.sendRequest(PrepareRenameRequest.type, bench.at(main, { line: 5, character: 6 })));
  });

  it('shows the parameters of a function', async () => {
    const position = await bench.open(main, text.replace('inputs.list[0]', 'join(‸'));
    const help = await bench.client.sendRequest(SignatureHelpRequest.type, bench.at(main, position));
    assert.match(help?.signatures[0]?.label ?? '', /^join\(/);
  });

  it('fixes what it finds, and finds nothing afterwards', async () => {
    const broken = text.replace('queue: web', 'queue: wep');
    await bench.open(main, broken);
    const [found] = await bench.diagnostics(main);
    assert.equal(found?.code, 'unknown-queue');
    const actions = (await bench.client.sendRequest(CodeActionRequest.type, { textDocument: { uri: bench.uri(main) }, range: found.range, context: { diagnostics: [found] } })) as readonly CodeAction[];
    const preferred = actions.find(({ isPreferred }) => isPreferred === true);
    const change = preferred?.edit?.documentChanges?.[0];
    const edits = change !== undefined && 'edits' in change ? change.edits : (preferred?.edit?.changes?.[bench.uri(main)] ?? []);
    assert.equal(applyEdits(broken, edits.flatMap((edit) => ('newText' in edit ? [edit] : []))), text);
  });

  it('tells the times of a retry list', async () => {
    await bench.open(main, text.replace('    queue: web\n', '    queue: web\n    retry: { delays: [1m, 5m] }\n'));
    const hints = await bench.client.sendRequest(InlayHintRequest.type, { textDocument: { uri: bench.uri(main) }, range: whole });
    assert.equal(hints?.length, 1);
  });
});
