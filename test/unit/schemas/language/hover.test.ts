import assert from 'node:assert/strict';
import type { MarkupContent } from 'vscode-languageserver-types';
import { documentLinks } from '../../../../schemas/language/navigation.ts';
import { hover } from '../../../../schemas/language/hover.ts';
import { signatureHelp } from '../../../../schemas/language/signature-help.ts';
import { enclose, main, marked, offsetsOf } from './marked.ts';

const workflow = `on: { schedule: [{ cron: "0 9 * * MON", timezone: Europe/Berlin }] }
inputs:
  list: { type: array, items: { type: object, required: [email], properties: { email: { type: string, description: The address., examples: [a@example.com] } } } }
  count: { type: integer, default: 3, description: How many. }
required: [list]
queues:
  esp: { rate: { limit: 1000, per: 1m, burst: 50 }, concurrency: 20, timeout: 1h30m, retry: { delays: [1m, 5m] } }
  plain: {}
  both: { rate: [20/s, { limit: 50000, per: 1d, burst: 100 }] }
steps:
  enrich:
    queue: esp
    foreach: { items: "\${{ inputs.list }}", as: person, on-item-failure: continue }
    uses: http/request
    with: { connection: crm, url: "/x\${{ person.email }}", headers: { a: "\${{ secrets.KEY }}" } }
  letter:
    if: inputs.count > 1 && size(steps.enrich.results.filter(r, r.status == 'dead')) == 0
    needs: [enrich]
    queue: plain
    uses: email/send
    with: { connection: esp, to: x, subject: "\${{ steps.enrich.results[0].output.body.trim() }}\${{ env.REGION }}", text: "5m" }
`;
const files = { '.sluice/connections.yaml': 'connections:\n  esp: { type: smtp, host: mail.example.com, user: u, password: "${{ secrets.MAIL }}" }\n  crm: { type: http, url: "https://crm.example/v3", headers: { Accept: a }, timeout: 90s, auth: { type: bearer, token: "${{ secrets.MAIL }}" } }\n', '.sluice/config.yaml': 'env: [REGION]\n' };

/** What is shown when one points at `at` behind `before`, and the text that it is about. */
function pointAt(before: string, at: string): { readonly shown: string; readonly about: string } | undefined {
  const start = workflow.indexOf(before);
  assert.ok(start >= 0, before);
  const offset = workflow.indexOf(at, start + before.length - at.length);
  const place = marked({ ...files, [main]: workflow }, { secrets: ['MAIL'] });
  const found = hover(place.project, main, offset + 1);
  if (found?.range === undefined) return undefined;
  const [range] = offsetsOf(place, main, [found.range]);
  return { shown: (found.contents as MarkupContent).value, about: workflow.slice(range?.start, range?.end) };
}

describe('hover', () => {
  it('says what a step gives that runs a workflow, as that is in another file', () => {
    const child = (text: string): object => ({ '.sluice/workflows/onboard.yaml': `${text}steps: { only: { uses: wait/for, with: { duration: 1s } } }\n` });
    const shown = (text: string, code: string): string => {
      const place = marked({ ...child(text), [main]: `steps: { go: { uses: workflow/run, with: { workflow: onboard } } }\noutputs: { x: "\${{ ${code} }}" }\n` });
      return (hover(place.project, main, place.offset)?.contents as MarkupContent).value;
    };
    assert.match(shown('outputs: { booked: "${{ run.id }}" }\n', 'steps.go.out‸put'), /`output`: \{ booked: text \} \| null\n\nThe `outputs` of the workflow `onboard`; null if its run has not succeeded\./);
    assert.match(shown('outputs: { booked: "${{ run.id }}" }\n', 'steps.go.output.boo‸ked'), /`booked`: text/);
    assert.match(shown('outputs: { booked: "${{ run.id }}" }\n', 'steps.g‸o'), /gives \{ booked: text \}/);
    assert.match(shown('', 'steps.go.out‸put'), /`output`: \{ \} \| null/);
  });

  const cases: Readonly<Record<string, readonly [before: string, at: string, about: string, shown: RegExp]>> = {
    'an input that is declared': ['\n  count', 'count', 'count', /^\*\*input\*\* `count`: number\n\nHow many\.\n\nDefault: `3`$/],
    'an input in an expression': ['if: inputs.count', 'count', 'count', /\*\*input\*\* `count`: number/],
    'an input that must be given': ['required: [list', 'list', 'list', /list of \{ email: text, … \} \(must be given\)/],
    'all inputs': ['if: inputs', 'inputs', 'inputs', /What the run was given/],
    'a step': ['\n  enrich', 'enrich', 'enrich', /\*\*step\*\* `enrich`\n\n- does `http\/request`, once for each item \(\{ email: text, … \}\)\n- in the queue `esp`\n- gives \{ status: number/],
    'a step in needs': ['needs: [enrich', 'enrich', 'enrich', /\*\*step\*\* `enrich`/],
    'a step in an expression': ['size(steps.enrich', 'enrich', 'enrich', /\*\*step\*\* `enrich`/],
    'what waits': ['\n  letter', 'letter', 'letter', /- after `enrich`\n- gives \{ message-id|'message-id'/],
    'a queue with its limits': ['queue: esp', 'esp', 'esp', /at most 1,000 attempts in any 1m \(1,000\/min\), 50 of them back to back, the rest 60ms apart\n- 20 at the same time\n- an attempt may take 1h 30m\n- repeated after 1m, 5m: 3 attempts in all\n/],
    'a queue that has the defaults': ['queue: plain', 'plain', 'plain', /starts attempts as fast as its concurrency allows\n- 10 at the same time \(default\)\n- an attempt may take 30s \(default\)\n- repeated after 5s, 10s, 20s, 40s: 5 attempts in all, each delay up to 10 % longer or shorter \(default\)/],
    'a connection': ['connection: esp', 'esp', 'esp', /SMTP at mail\.example\.com:587, STARTTLS\n- as u/],
    'an HTTP connection': ['connection: crm', 'crm', 'crm', /HTTP at https:\/\/crm\.example\/v3\n- `bearer`: A token in the header `authorization: Bearer`\.\n- with `accept`\n- an attempt takes at most 1m 30s/],
    'an item': ['x${{ person', 'person', 'person', /\*\*item\*\* `person`: \{ email: text, … \}/],
    'a field of an item': ['person.email', 'email', 'email', /\*\*field\*\* `email`: text\n\nThe address\.\n\nExample: `"a@example\.com"`/],
    'a secret that is not set': ['secrets.KEY', 'KEY', 'KEY', /It is not set: `sluice secrets set KEY`/],
    'a variable of the environment': ['env.REGION', 'REGION', 'REGION', /which `.sluice\/config.yaml` allows/],
    'a function': ['&& size', 'size', 'size', /\*\*function\*\* `size\(value: text \| list \| map\): number`\n\nThe number of characters/],
    'a macro': ['results.filter', 'filter', 'filter', /\*\*macro\*\* `filter\(name, condition\)`/],
    'a method': ['body.trim', 'trim', 'trim', /\*\*method\*\* `trim\(\): text`/],
    'the variable of a macro where it is bound': ['filter(r', 'r', 'r', /\*\*variable\*\* `r`: \{ key: text \| null/],
    'the variable of a macro': ['filter(r, r', 'r', 'r', /\*\*variable\*\* `r`: \{ key: text \| null/],
    'a field of it': ['r.status', 'status', 'status', /\*\*field\*\* `status`: 'pending' \|.*\n\nHow the job of the item ended/],
    'an output': ['results[0].output', 'output', 'output', /\*\*field\*\* `output`: \{ status: number/],
    'a duration': ['timeout: 1h30m', '1h30m', '1h30m', /^\*\*duration\*\* `1h30m` = 5,400 s \(1h 30m\)$/],
    'a delay of a retry list': ['delays: [1m', '1m', '1m', /= 60 s \(1m\)\n\n\*\*retry\*\*: repeated after 1m, 5m: 3 attempts in all/],
    'a rate': ['limit: 1000', '1000', '1000', /^\*\*rate\*\*: at most 1,000 attempts/],
    'one of several rates': ['rate: [20', '20', '20/s', /^\*\*rate\*\*: at most 20 attempts in any 1s [^]*\n\n\*\*rate\*\*: at most 50,000 attempts in any 1d/],
    'a schedule': ['cron: "0 9', '0 9', '"0 9 * * MON"', /^\*\*schedule\*\*: At 09:00, only on Monday, in Europe\/Berlin$/],
  };
  for (const [what, [before, at, about, shown]] of Object.entries(cases)) {
    it(`explains ${what}`, () => {
      const found = pointAt(before, at);
      assert.ok(found, 'nothing is shown');
      assert.equal(found.about, about);
      assert.match(found.shown, shown);
    });
  }

  it('says nothing of values that mean what an action or an input says, of keys, and of what is nowhere', () => {
    for (const [before, at] of [['text: "5m', '5m'], ['uses: http', 'http'], ['  with', 'with'], ['to: x', 'x'], ["== 'dead", 'dead'], ['count >', '>']] as const) assert.equal(pointAt(before, at), undefined, before);
    assert.equal(hover(marked('').project, 'nowhere.yaml', 0), undefined);
    for (const text of ['steps:\n  a:\n    if: inputs.‸ +\n', '‸', 'x: [‸']) { const { project, path, offset } = marked(text); assert.equal(hover(project, path, offset), undefined); }
  });
});

describe('signature help', () => {
  const cases: readonly (readonly [code: string, label: string, active: string])[] = [
    ['contains(‸', 'contains(in: text | list, part: any): boolean', 'in: text | list'],
    ["contains(inputs.list, ‸)", 'contains(in: text | list, part: any): boolean', 'part: any'],
    ["contains(size('a, b('), ‸", 'contains(in: text | list, part: any): boolean', 'part: any'],
    ['contains([1, 2‸', 'contains(in: text | list, part: any): boolean', 'in: text | list'],
    ["format('{0}', 1, 2, ‸", 'format(template: text, ...values: any): text', '...values: any'],
    ["inputs.name.replace('a', ‸", 'replace(part: text, by: text, limit?: number): text', 'by: text'],
    ['inputs.list.filter(x, ‸', 'filter(name, condition)', 'condition'],
    ['inputs.list.filter(x, size(‸', 'size(value: text | list | map): number', 'value: text | list | map'],
    ['cel.bind(x, ‸', 'cel.bind(name, value, result)', 'value'],
    ['default(inputs.a, ‸', 'default(value, fallback)', 'fallback'],
  ];
  for (const [code, label, active] of cases) {
    it(`knows where one is in ${code}`, () => {
      const { project, path, offset } = marked(`steps:\n  a:\n    if: ${JSON.stringify(code)}\n`);
      const help = signatureHelp(project, path, offset);
      const [signature] = help?.signatures ?? [];
      assert.equal(signature?.label, label);
      const [start, end] = signature.parameters?.[help?.activeParameter ?? 0]?.label ?? [];
      assert.equal(signature.label.slice(Number(start), Number(end)), active);
    });
  }

  it('has none outside of a call, of what is not a function, and outside of expressions', () => {
    for (const text of ['if: "size(1) + ‸"', 'if: "nothing(‸"', "if: \"'size(‸'\"", 'name: size(‸', 'if: "(1 + ‸"']) {
      const { project, path, offset } = marked(`steps:\n  a:\n    ${text}\n`);
      assert.equal(signatureHelp(project, path, offset), undefined, text);
    }
  });
});

describe('document links', () => {
  it('lead to the files that a workflow names', () => {
    const text = `steps:
  a:
    foreach: { file: ⟦data/a.csv⟧, on-item-failure: fail }
    uses: email/send
    with: { connection: esp, to: x, subject: x, template: "⟦./templates/x.html⟧", attachments: [{ path: ⟦terms.pdf⟧ }, { path: "\${{ item.file }}" }] }
  b: { foreach: { file: "\${{ inputs.file }}.csv", on-item-failure: fail }, uses: http/request, with: { url: x, template: x } }
  c: { foreach: { file: ../outside.csv, on-item-failure: fail }, uses: http/request, with: { url: x } }
  d: { foreach: { file: /etc/hosts.csv, on-item-failure: fail }, uses: http/request, with: { url: x } }
  e: { uses: workflow/run, with: { workflow: ⟦other⟧ } }
`;
    const place = marked({ [main]: text, '.sluice/workflows/other.yaml': 'steps: {}\n' }, { uriOf: (path) => `file:///p/${path}` });
    const links = documentLinks(place.project, main);
    const plain = place.project.files.get(main)?.text ?? '';
    assert.equal(enclose(plain, offsetsOf(place, main, links.map(({ range }) => range))), text);
    assert.deepEqual(links.map(({ target }) => target), ['data/a.csv', 'templates/x.html', 'terms.pdf', '.sluice/workflows/other.yaml'].map((path) => `file:///p/${path}`));
  });

  it('are none in other files', () => {
    assert.deepEqual(documentLinks(marked({ '.sluice/queues.yaml': 'queues: {}\n' }).project, '.sluice/queues.yaml'), []);
  });
});
