import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { writeStarterProject } from '../../../../daemon/cli/starter-project.ts';
import { listProjectFiles } from '../../../../platform/project-reader.ts';
import { type Advice, type AdviceCode, adviceCodes, advisedProject, type LiveQueue } from '../../../../schemas/language/advice/advice.ts';
import { runAdvice } from '../../../../schemas/language/advice/run-advice.ts';
import { analyseFiles } from '../../../../schemas/workflow/analysis/analyse-files.ts';
import { analyseProject, joinFiles } from '../../../../schemas/workflow/analysis/analyse-project.ts';
import { processorMs } from '../../../support/processor-time.ts';
import { english } from '../../../../schemas/wording/language.ts';

const queuesPath = '.sluice/queues.yaml';
const workflowPath = '.sluice/workflows/w.yaml';
const quiet = 'alerts: { dead-letters: { error: 1 } }';
const get = 'uses: http/request, with: { url: "https://a.example" }';
const post = 'uses: http/request, with: { url: "https://a.example", method: POST }';

interface Given {
  readonly queues?: string;
  readonly workflow: string;
  readonly connections?: string;
  readonly live?: ReadonlyMap<string, LiveQueue>;
}

/** The advice about a queues file and a workflow, which have no errors; `file` says which of them each is about. */
function adviceOn({ queues = 'queues: {}', workflow, connections, live }: Given): readonly (Advice & { readonly file: string; readonly at: string })[] {
  const files = [{ path: queuesPath, text: `${queues}\n` }, { path: workflowPath, text: `${workflow}\n` }, ...(connections === undefined ? [] : [{ path: '.sluice/connections.yaml', text: `${connections}\n` }])];
  const errors = [...analyseProject(files).diagnostics.values()].flat().filter(({ severity }) => severity === 'error');
  assert.deepEqual(errors.map(({ message }) => message), []);
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  const found = runAdvice(advisedProject(analyseFiles(files).byPath.values(), live));
  return [...found].flatMap(([file, list]) => list.map((one) => ({ ...one, file, at: (texts.get(file) ?? '').slice(one.range.start, one.range.end) })));
}

/** Each case: what is given, and the text at which the advice stands; none where it is silent. */
function cases(code: AdviceCode, list: Readonly<Record<string, readonly [Given, ...string[]]>>): void {
  describe(code, () => {
    for (const [name, [given, ...wanted]] of Object.entries(list)) {
      it(name, () => {
        const found = adviceOn(given);
        assert.deepEqual(found.filter((one) => one.code === code).map(({ at }) => at), wanted);
        for (const one of found) assert.equal(one.severity, adviceCodes[one.code].severity);
      });
    }
  });
}

describe('advice', () => {
  const people = (extra: string): string => `queues:\n  people: { rate: 600/min, ${extra}, ${quiet} }`;
  const call = `steps:\n  call: { queue: people, ${get} }`;
  const live = (attemptMs: number, attempts = 100): ReadonlyMap<string, LiveQueue> => new Map([['people', { attemptMs, attempts }]]);
  cases('rate-out-of-reach', {
    'is silent without figures': [{ queues: people('concurrency: 1'), workflow: call }],
    'says that five at a time of two seconds each are not ten a second': [{ queues: people('concurrency: 5'), workflow: call, live: live(2000) }, 'rate'],
    'is silent where the concurrency is enough': [{ queues: people('concurrency: 20'), workflow: call, live: live(2000) }],
    'is silent where the mean is of few attempts': [{ queues: people('concurrency: 5'), workflow: call, live: live(2000, 5) }],
  });
  it('rate-out-of-reach names the concurrency that would do', () => {
    const [one] = adviceOn({ queues: people('concurrency: 5'), workflow: call, live: live(2000) });
    assert.equal(one && english.textOf(one.message), 'An attempt takes 2s on average, so 5 at a time reach about 150/min, not 600/min. It takes a concurrency of 20.');
  });

  const scheduled = (cron: string, retry: string): string => `on:\n  schedule: [{ cron: "${cron}" }]\nsteps:\n  call: { ${get}, retry: ${retry} }`;
  cases('retry-outlasts-schedule', {
    'says that half an hour of retries is longer than five minutes': [{ workflow: scheduled('*/5 * * * *', '{ delays: [1m, 30m] }') }, '"*/5 * * * *"'],
    'looks at the shortest of the periods': [{ workflow: scheduled('0,5 9 * * *', '{ delays: [10m] }') }, '"0,5 9 * * *"'],
    'is silent for a daily run': [{ workflow: scheduled('0 9 * * *', '{ delays: [1m, 5m, 30m, 2h] }') }],
    'is silent with the default retry each five minutes': [{ workflow: 'on:\n  schedule: [{ cron: "*/5 * * * *" }]\nsteps:\n  call: { uses: http/request, with: { url: x } }' }],
    'takes the retry of the queue where the step has none': [{ queues: `queues: { q: { retry: { delays: [2h] }, ${quiet} } }`, workflow: `on:\n  schedule: [{ cron: "0 * * * *" }]\nsteps:\n  call: { queue: q, ${get} }` }, '"0 * * * *"'],
    'is silent for times that are years apart': [{ workflow: scheduled('0 0 29 2 *', '{ delays: [30d, 30d] }') }],
  });

  cases('retry-outlasts-key', {
    'is at the retry of the step': [{ workflow: `steps:\n  call: { ${post}, retry: { delays: [1h, 2d] } }` }, 'retry'],
    'is at the retry of the queue': [{ queues: `queues: { q: { retry: { type: exponential, first: 10m, factor: 3, max: 2d, attempts: 8 }, ${quiet} } }`, workflow: `steps:\n  call: { queue: q, ${post} }` }, 'retry'],
    'is silent for what changes nothing': [{ workflow: `steps:\n  call: { ${get}, retry: { delays: [1h, 2d] } }` }],
    'is silent for less than a day': [{ workflow: `steps:\n  call: { ${post}, retry: { delays: [1m, 5m, 30m, 2h] } }` }],
    'is silent where the step has a retry of its own': [{ queues: `queues: { q: { retry: { delays: [2d] }, ${quiet} } }`, workflow: `steps:\n  call: { queue: q, ${post}, retry: none }` }],
  });

  const each = (foreach: string, action = post): string => `inputs: { list: { type: array } }\nsteps:\n  call: { foreach: { ${foreach}, on-item-failure: continue }, ${action} }`;
  const list = 'items: "${{ inputs.list }}"';
  cases('no-dedupe', {
    'asks for a key where items change something': [{ workflow: each(list) }, 'foreach'],
    'asks for it with a file': [{ workflow: each('file: people.csv') }, 'foreach'],
    'is silent with a key': [{ workflow: each(`${list}, key: "\${{ item.id }}"`) }],
    'is silent for what changes nothing': [{ workflow: each(list, get) }],
    'is silent for a list that is written out': [{ workflow: each('items: [1, 2, 3]') }],
    'is silent for results of items that had a key': [
      { workflow: `inputs: { list: { type: array } }\nsteps:\n  look: { foreach: { ${list}, key: "\${{ item.id }}", on-item-failure: continue }, ${get} }\n  call: { foreach: { items: "\${{ steps.look.results.filter(r, r.status == 'succeeded') }}", on-item-failure: continue }, ${post} }` },
    ],
    'asks what tells events apart': [{ workflow: `on:\n  webhook: { path: a, verify: { scheme: none } }\nsteps:\n  call: { ${post} }` }, 'webhook'],
    'is silent where events are told apart': [{ workflow: `on:\n  webhook: { path: a, verify: { scheme: none }, dedupe: "\${{ trigger.body.id }}" }\nsteps:\n  call: { ${post} }` }],
  });

  const write = (input: string, foreach = `foreach: { ${list}, on-item-failure: continue }, `): string => `inputs: { list: { type: array } }\nsteps:\n  note: { ${foreach}uses: file/write, with: { ${input} } }`;
  cases('columns-by-chance', {
    'asks for columns where rows are what the items are': [{ workflow: write('path: "out/${{ run.id }}.csv", row: "${{ item }}"') }, 'row'],
    'asks for them where the format is said': [{ workflow: write('path: a.txt, format: csv, rows: "${{ [item] }}"') }, 'rows'],
    'is silent where they are said': [{ workflow: write('path: a.csv, row: "${{ item }}", csv: { columns: [a] }') }],
    'is silent for rows that are written out': [{ workflow: write('path: a.csv, row: { a: "${{ item }}" }') }],
    'is silent for other formats': [{ workflow: write('path: a.jsonl, row: "${{ item }}"') }],
    'is silent for one job': [{ workflow: write('path: a.csv, rows: "${{ inputs.list }}"', '') }],
  });

  const queue = (extra = ''): string => `queues:\n  work: { concurrency: 1${extra} }`;
  const work = `steps:\n  call: { queue: work, ${get} }`;
  cases('no-dead-letter-alert', {
    'asks for an alert': [{ queues: queue(), workflow: work }, 'work'],
    'is silent with one': [{ queues: queue(`, ${quiet}`), workflow: work }],
    'is silent where the queue is used by nothing': [{ queues: queue(), workflow: `steps:\n  call: { ${get} }` }],
    'is silent where a failed run tells somebody': [{ queues: queue(), workflow: `${work}\non-failure:\n  tell: { queue: work, ${post} }` }],
    'is not silent where some items may die without a failed run': [
      { queues: queue(), workflow: `steps:\n  call: { queue: work, foreach: { items: [1], on-item-failure: continue, tolerate: 5% }, ${get} }\non-failure:\n  tell: { ${post} }` },
      'work',
    ],
  });

  // In two parts, so that nobody's scanner takes them for real ones.
  const token = ['ghp', '0123456789abcdefghijABCDEFGHIJ012345'].join('_');
  const liveKey = ['sk', 'live', '0123456789abcdefghij'].join('_');
  const header = (value: string, name = 'authorization'): Given => ({ workflow: `steps:\n  call:\n    uses: http/request\n    with:\n      url: https://a.example\n      headers:\n        ${name}: ${value}` });
  const bill = (text: string): Given => ({ workflow: `inputs:\n  total: { type: number }\nsteps:\n  bill: { uses: webhook/send, with: { url: "https://a.example", body: { text: "${text}" } } }` });
  cases('escaped-expression', {
    'is said where a dollar sign is before a value': [bill('You owe $${{ inputs.total }}.'), '$${{ inputs.total }}'],
    'is silent where nothing in the braces has a value here, or what is there is no expression': [bill('Write $${{ NAME }} or $${{ a b }} or $${{ secrets_of_mine }}.')],
    'is silent where the sign is written as it should be': [bill("You owe ${{ '$' }}${{ inputs.total }}.")],
  });

  const other = (text: string, foreach = ''): Given => ({ workflow: `inputs:\n  total: { type: number }\n  list: { type: array }\nsteps:\n  bill: { ${foreach}uses: webhook/send, with: { url: "https://a.example", body: { text: ${text} } } }` });
  const contacts = 'foreach: { items: "${{ inputs.list }}", as: contact, key: "${{ contact.id }}", on-item-failure: continue }, ';
  cases('other-braces', {
    'is said of the braces of other languages': [other('"You owe {{ inputs.total }}."'), '{{ inputs.total }}'],
    'is said of a dollar sign with one brace': [other('"You owe ${ inputs.total }."'), '${ inputs.total }'],
    'is said of a percent sign': [other('"%{inputs.total}"'), '%{inputs.total}'],
    'is said of a blank before the braces': [other('"$ {{ inputs.total }}"'), '$ {{ inputs.total }}'],
    'leaves the sign of a price': [other('"You owe $ {{ inputs.total }}."'), '{{ inputs.total }}'],
    'is said of an item in one line': [other('"{{ contact.name }}"', contacts), '{{ contact.name }}'],
    'is silent in a longer text of an item, which may be a template of the receiver': [other('"Dear {{ contact.name }},\\nthank you."', contacts)],
    'is silent for names that nothing has': [other('"{{ name }} {{ inputs.other }} {{ steps.none.output }} {{ 1 + 1 }} {{#if inputs.total}} {{{ inputs.total }}} ${NAME} %{host}"')],
    'is silent for expressions and for what is escaped': [other("\"${{ inputs.total }} $${{ 'inputs.total' }}\"")],
  });
  cases('literal-secret', {
    'finds keys by their form': [header(token, 'x-anything'), token],
    'finds the token of a header': [header('Bearer 9f8a7b6c5d4e3f2a1b0c'), '9f8a7b6c5d4e3f2a1b0c'],
    'finds what stands under a telling key': [header('"p4ssw0rd-2024-xyz"', 'x-api-key'), 'p4ssw0rd-2024-xyz'],
    'finds a password in a URL': [{ workflow: 'steps:\n  call: { uses: http/request, with: { url: "https://a.example/x", text: "https://ada:s3cretWord@a.example/x" } }' }, 's3cretWord'],
    'finds a default of an input': [{ workflow: `inputs:\n  token: { type: string, default: ${liveKey} }\nsteps:\n  call: { ${get} }` }, liveKey],
    'is silent for a reference': [header('"Bearer ${{ secrets.TOKEN }}"')],
    'is silent for what is in place of one': [header('Bearer <your-token-here>')],
    'is silent for words': [header('application/json; charset=utf-8', 'content-type')],
    'is silent for an id, a hash and a date under other keys': [header('9f8a7b6c5d4e3f2a1b0c9f8a7b6c5d4e', 'x-trace-id')],
    'is silent for a key that is a name': [header('production-eu-west', 'x-api-key')],
  });
  it('literal-secret is said of a file with errors too', () => {
    const text = `stepz: 1\nsteps:\n  call: { uses: http/request, with: { url: "https://x", text: "${liveKey}" } }\n`;
    const found = runAdvice(advisedProject(analyseFiles([{ path: workflowPath, text }]).byPath.values()));
    assert.deepEqual(found.get(workflowPath)?.map(({ code }) => code), ['literal-secret']);
  });

  const chain = (last: string, middle = ''): string => `steps:\n  a: { ${get} }\n  b: { needs: [a], ${get}${middle} }\n  c: { ${last} }`;
  cases('needless-needs', {
    'finds what an expression refers to': [{ workflow: chain(`needs: [b], uses: http/request, with: { url: "\${{ steps.b.output.body }}" }`) }, 'b'],
    'finds what another one waits for': [{ workflow: chain(`needs: [a, b], ${get}`) }, 'a'],
    'finds what appears there twice': [{ workflow: chain(`needs: [b, b], ${get}`) }, 'b'],
    'is silent where it says something': [{ workflow: chain(`needs: [b], ${get}`) }],
    'is silent where the one between may run after a failure': [{ workflow: chain(`needs: [a, b], ${get}`, ', if: always()') }],
  });

  it('needless-needs ends soon in a graph where everything waits for everything', () => {
    const steps = Array.from({ length: 300 }, (_, index) => `  s${index}: { needs: [${Array.from({ length: index }, (_none, other) => `s${other}`).join(', ')}], ${get} }\n`);
    const files = analyseFiles([{ path: workflowPath, text: `steps:\n${steps.join('')}` }]);
    const tookMs = processorMs(() => {
      const found = runAdvice(advisedProject(files.byPath.values())).get(workflowPath) ?? [];
      assert.ok(found.some(({ code }) => code === 'needless-needs'));
    });
    // Without a bound it takes minutes.
    assert.ok(tookMs < 5_000, `${tookMs} ms`);
  });

  cases('missing-needs', {
    'says that nothing has failed yet': [{ workflow: `steps:\n  call: { ${get} }\n  tell: { if: failure(), ${post} }` }, 'if'],
    'is silent with needs': [{ workflow: `steps:\n  call: { ${get} }\n  tell: { needs: call, if: failure(), ${post} }` }],
    'is silent where an expression refers to a step': [{ workflow: `steps:\n  call: { ${get} }\n  tell: { if: "always() && steps.call.status == 'failed'", ${post} }` }],
    'is silent for always(), which asks nothing': [{ workflow: `steps:\n  call: { if: always(), ${get} }` }],
    'says it of on-failure too': [{ workflow: `steps:\n  call: { ${get} }\non-failure:\n  tell: { if: failure(), ${post} }` }, 'if'],
  });

  const shared = (bulk: string, single: string): Given => ({
    queues: `queues: { mail: { rate: 10/s, ${quiet} } }`,
    workflow: `steps:\n  bulk: { queue: mail, ${bulk}foreach: { items: [1], on-item-failure: continue }, ${get} }\n  single: { queue: mail, ${single}${get} }`,
  });
  const crm = (limits: string): string => `connections:\n  crm: { type: http, url: "https://a.example"${limits} }\n  erp: { type: http, url: "https://b.example" }`;
  const inQueue = (connection: string, more = ''): string => `steps:\n  call: { queue: people, uses: http/request, with: { connection: ${connection}, url: /a } }${more}`;
  cases('rate-beyond-connection', {
    'says that the connection lets fewer start': [{ queues: people('concurrency: 5'), workflow: inQueue('crm'), connections: crm(', rate: [5/s, 1000/d]') }, 'rate'],
    'is silent where the queue decides': [{ queues: people('concurrency: 5'), workflow: inQueue('crm'), connections: crm(', rate: 50/s') }],
    'is silent where other jobs are in the queue': [{ queues: people('concurrency: 5'), workflow: inQueue('crm', `\n  other: { queue: people, ${get} }`), connections: crm(', rate: 1/s') }],
    'is silent where the connection has no rate': [{ queues: people('concurrency: 5'), workflow: inQueue('crm'), connections: crm(', concurrency: 1') }],
  });

  cases('starving', {
    'says who waits for a whole list': [shared('priority: high, ', 'priority: low, '), 'low'],
    'is at the queue if there is no priority': [shared('priority: 6, ', ''), 'mail'],
    'is silent where the list waits': [shared('priority: low, ', 'priority: high, ')],
    'is silent among equals': [shared('', '')],
  });

  it('has a code for everything, and everything has its place in the order of the text', () => {
    const found = adviceOn({ workflow: `steps:\n  a: { ${get} }\n  b: { needs: [a, a], if: failure(), foreach: { file: x.csv, on-item-failure: fail }, ${post} }` });
    assert.deepEqual(found.map(({ code }) => code), ['needless-needs', 'no-dedupe']);
    assert.deepEqual(found[0]?.tags, ['unnecessary']);
  });
});

describe('what Sluice hands out itself', () => {
  const findings = async (folder: string): Promise<readonly string[]> => {
    const { files: paths } = await listProjectFiles(folder);
    const files = await Promise.all(paths.map(async ({ file, path: absolute }) => ({ path: file, text: await readFile(absolute, 'utf8') })));
    assert.ok(files.length > 1, folder);
    const analysed = analyseFiles(files);
    const found = [...joinFiles(analysed).diagnostics, ...runAdvice(advisedProject(analysed.byPath.values()))];
    return found.flatMap(([file, list]) => list.map(({ code, message }) => `${file}: ${code}: ${english.textOf(message)}`));
  };

  for (const example of ['campaign', 'deal-closed', 'enrichment']) {
    it(`needs no advice: the example ${example}`, async () => {
      assert.deepEqual(await findings(path.resolve('examples', example)), []);
    });
  }

  it('needs no advice: the files of a new project', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'sluice-starter-'));
    try {
      await writeStarterProject(folder);
      assert.deepEqual(await findings(folder), []);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
