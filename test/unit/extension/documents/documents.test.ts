import assert from 'node:assert/strict';
import { parse } from 'yaml';
import { deadLetterUri, documentUri, readDeadLetterUri, readDocumentUri, type DocumentSubject } from '../../../../extension/documents/document-address.ts';
import { namedThings, attemptText, deliveryText, jobText, payloadText, runText } from '../../../../extension/documents/document-text.ts';
import { readPayload } from '../../../../extension/documents/payload-schema.ts';
import { jobDetail, run } from '../../daemon/cli/protocol-samples.ts';

const folder = 'file:///home/ann/my%20shop';

describe('the address of a document', () => {
  const subjects: readonly DocumentSubject[] = [
    { kind: 'run', run: 'r12' },
    { kind: 'job', job: 'j40' },
    { kind: 'attempt', job: 'j40', attempt: 3 },
    { kind: 'delivery', delivery: 'd7' },
    { kind: 'payload', job: 'j40' },
    { kind: 'payload', job: 'j40', revision: 2 },
  ];
  for (const subject of subjects) {
    it(`says what it shows: ${JSON.stringify(subject)}`, () => assert.deepEqual(readDocumentUri(documentUri({ folder, subject })), { folder, subject }));
  }

  it('of an editable payload says whose it is', () => {
    assert.deepEqual(readDeadLetterUri(deadLetterUri(folder, { id: 'j40', uses: 'http/request' })), { folder, job: 'j40' });
  });

  it('is none where it is of another scheme or shape', () => {
    const good = documentUri({ folder, subject: { kind: 'run', run: 'r1' } });
    for (const bad of [{ ...good, scheme: 'file' }, { ...good, path: '/../r1.jsonc' }, { ...good, query: '' }]) assert.equal(readDocumentUri(bad), undefined);
    assert.equal(readDeadLetterUri(good), undefined);
  });
});

describe('the text of a document', () => {
  const values = (text: string): unknown => JSON.parse(text.replace(/^\/\/.*\n/gm, ''));

  it('says in words what it is, and holds all that is known', () => {
    const text = jobText(jobDetail());
    assert.match(text, /^\/\/ Job: j40\n\/\/ State: Dead\n/);
    const { attempts, ...rest } = values(text) as ReturnType<typeof jobDetail>;
    assert.deepEqual(attempts.map(({ number }) => number), [2, 1], 'newest attempt first');
    assert.deepEqual({ ...rest, attempts: attempts.toReversed() }, jobDetail());
    assert.deepEqual(values(runText(run())), run());
    assert.match(runText(run()), /^\/\/ Started: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/m, 'what stays as it is written says no age');
  });

  it('of a delivery says what became of it, and why, before what was sent', () => {
    const delivery = {
      id: 'd7', workflow: 'deals', path: 'crm/deals', receivedAt: '2026-11-28T18:00:00.000Z', outcome: 'refused', scheme: 'github', flaw: 'no-signature', bytes: 1234,
      body: { id: 1 }, query: {}, headers: { host: 'localhost' },
    } as const;
    const text = deliveryText(delivery);
    assert.match(text, /^\/\/ Delivery: d7 to deals\n\/\/ Received: .+ at \/hooks\/crm\/deals\n\/\/ Outcome: refused\n\/\/ Why: It has no signature.*\n\/\/ Verified: no \(github\)\n\/\/ Size: 1,234 bytes\n/);
    assert.deepEqual(values(text), delivery);
    assert.match(deliveryText({ ...delivery, outcome: 'started', run: 'r9' }), /^ {2}"run": "r9"/m, 'where a link leads from');
  });

  it('says why a dead letter was discarded', () => {
    const text = jobText(jobDetail({ state: 'discarded', discardReason: 'made by hand' }));
    assert.match(text, /^\/\/ Reason: made by hand$/m);
    assert.equal((values(text) as { discardReason: string }).discardReason, 'made by hand');
  });

  it('of an attempt says which of how many', () => {
    const detail = jobDetail();
    const [, second] = detail.attempts;
    assert.ok(second !== undefined);
    assert.match(attemptText(detail, second), /^\/\/ Job: j40, deal\/book\n\/\/ Attempt: 2 of 2\n\/\/ Result: failed/);
  });

  it('of an attempt begins with why it failed, and shows bodies that are JSON as JSON', () => {
    const detail = jobDetail();
    const [, second] = detail.attempts;
    assert.ok(second !== undefined);
    const body = '{"error": {"message": "say \\"no\\"", "path": "a\\/\\u00e9", "codes": [1.0, 2.5, -1e3]}}';
    const attempt = { ...second, request: { method: 'POST', headers: { a: 'b' }, body: '{"n":1}' }, response: { status: 422, headers: {}, body } };
    const text = attemptText(detail, attempt);
    assert.match(text, /^\/\/ Error: The server answered 503/m);
    const shown = values(text) as { readonly request: unknown; readonly response: { readonly body: unknown } };
    assert.deepEqual(Object.keys(shown), ['job', 'error', 'state', 'startedAt', 'endedAt', 'durationMs', 'number', 'round', 'revision', 'request', 'response']);
    assert.deepEqual(shown.request, { method: 'POST', body: { n: 1 }, headers: { a: 'b' } });
    assert.deepEqual(shown.response.body, JSON.parse(body));
    assert.match(text, /^ {6}"error": \{\n {8}"message": "say \\"no\\""/m);
  });

  it('of an attempt leaves bodies alone that JSON would change, and those that were cut', () => {
    const detail = jobDetail();
    const [first] = detail.attempts;
    assert.ok(first !== undefined);
    for (const body of ['{"id": 12345678901234567890}', '{"a": 1, "a": 2}', '[1e400]', '{"cut": "in the mid', 'plain', '7']) {
      assert.deepEqual((values(attemptText(detail, { ...first, response: { body } })) as { readonly response: unknown }).response, { body });
    }
  });

  it('keeps what comes from outside within its comment', () => {
    const text = jobText(jobDetail({ key: 'a\n{"evil": true}\u2028x' }));
    assert.equal((values(text.replaceAll('\u2028', ' ')) as { id: string }).id, 'j40');
  });

  it('names its run and its job as links, but nothing of a payload', () => {
    const text = jobText(jobDetail({ payload: { run: 'r99', job: 'j99' } }));
    assert.deepEqual(namedThings(text).map(({ start, end, id }) => [id, text.slice(start, end)]), [['r12', 'r12']]);
  });

  it('of a run leads to the run that started it, and to those that it has started, first those that failed', () => {
    const children = { total: 20_000, running: 1, succeeded: 19_998, failed: 1, cancelled: 0 };
    const parent = run({ children, waits: [{ job: 'j3', step: 'each', kind: 'run', run: 'r14' }], inputs: { run: 'r99', waits: [{ run: 'r98' }] } });
    const text = runText(parent, [run({ id: 'r13', trigger: { kind: 'workflow', run: 'r12', job: 'j2', key: 'ana' }, error: { message: 'No.' } }), run({ id: 'r14', state: 'running', error: undefined } as never)]);
    assert.match(text, /^\/\/ 20,000 child runs: 1 failed, 1 running, 19,998 succeeded$/m);
    assert.deepEqual((values(text) as { childRuns: unknown }).childRuns, [{ id: 'r13', state: 'failed', key: 'ana', error: 'No.' }, { id: 'r14', state: 'running' }]);
    assert.deepEqual(namedThings(text).map(({ start, end, id }) => [id, text.slice(start, end)]), [['r13', 'r13'], ['r14', 'r14'], ['j3', 'j3'], ['r14', 'r14']]);
    const child = runText(run({ trigger: { kind: 'workflow', run: 'r1', job: 'j5', key: 'ana' } }));
    assert.match(child, /^\/\/ Started by: r1, j5, ana$/m);
    assert.deepEqual(namedThings(child).map(({ id }) => id), ['r1', 'j5']);
  });

  it('of a job that ran a workflow leads to that run', () => {
    const [, attempt] = jobDetail().attempts;
    assert.ok(attempt !== undefined);
    const text = jobText(jobDetail({ uses: 'workflow/run', attempts: [{ ...attempt, response: { run: 'r13' } }], payload: { inputs: { run: 'r99' } } }));
    assert.deepEqual(namedThings(text).map(({ id }) => id), ['r12', 'r13']);
  });

  it('of a payload is JSON, as it is edited and read back', () => {
    const { payload } = jobDetail();
    assert.deepEqual(readPayload(payloadText(payload)), { ok: true, payload });
    assert.deepEqual(parse(payloadText(payload)), payload);
    const twice = readPayload('{\n"to": 1,\n"to": 2}');
    assert.ok(!twice.ok && twice.message.includes('the key "to" is in the same object twice (lines 2 and 3)'));
    for (const text of ['', '{', '[]', '"x"', 'null']) assert.equal(readPayload(text).ok, false, text);
  });
});
