import assert from 'node:assert/strict';
import { parse } from 'yaml';
import { deadLetterUri, documentUri, readDeadLetterUri, readDocumentUri, type DocumentSubject } from '../../../../extension/documents/document-address.ts';
import { namedThings } from '../../../../extension/documents/document-links.ts';
import { attemptText, jobText, payloadText, runText } from '../../../../extension/documents/document-text.ts';
import { Drafts, type DraftStore } from '../../../../extension/documents/drafts.ts';
import { readPayload } from '../../../../extension/documents/payload-edit.ts';
import { jobDetail, now, run } from '../../daemon/cli/protocol-samples.ts';

const folder = 'file:///home/ann/my%20shop';

describe('the address of a document', () => {
  const subjects: readonly DocumentSubject[] = [
    { kind: 'run', run: 'r12' },
    { kind: 'job', job: 'j40' },
    { kind: 'attempt', job: 'j40', attempt: 3 },
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
    const text = jobText(jobDetail(), now);
    assert.match(text, /^\/\/ Job: j40\n\/\/ State: Dead\n/);
    const { attempts, ...rest } = values(text) as ReturnType<typeof jobDetail>;
    assert.deepEqual(attempts.map(({ number }) => number), [2, 1], 'newest attempt first');
    assert.deepEqual({ ...rest, attempts: attempts.toReversed() }, jobDetail());
    assert.deepEqual(values(runText(run(), now)), run());
  });

  it('says why a dead letter was discarded', () => {
    const text = jobText(jobDetail({ state: 'discarded', discardReason: 'made by hand' }), now);
    assert.match(text, /^\/\/ Reason: made by hand$/m);
    assert.equal((values(text) as { discardReason: string }).discardReason, 'made by hand');
  });

  it('of an attempt says which of how many', () => {
    const detail = jobDetail();
    const [, second] = detail.attempts;
    assert.ok(second !== undefined);
    assert.match(attemptText(detail, second), /^\/\/ Job: j40, deal\/book\n\/\/ Attempt: 2 of 2\n\/\/ Result: failed/);
  });

  it('keeps what comes from outside within its comment', () => {
    const text = jobText(jobDetail({ key: 'a\n{"evil": true}\u2028x' }), now);
    assert.equal((values(text.replaceAll('\u2028', ' ')) as { id: string }).id, 'j40');
  });

  it('names its run and its job as links, but nothing of a payload', () => {
    const text = jobText(jobDetail({ payload: { run: 'r99', job: 'j99' } }), now);
    assert.deepEqual(namedThings(text).map(({ start, end, id }) => [id, text.slice(start, end)]), [['r12', 'r12']]);
  });

  it('of a payload is JSON, as it is edited and read back', () => {
    const { payload } = jobDetail();
    assert.deepEqual(readPayload(payloadText(payload)), { ok: true, payload });
    assert.deepEqual(parse(payloadText(payload)), payload);
    for (const text of ['', '{', '[]', '"x"', 'null']) assert.equal(readPayload(text).ok, false, text);
  });
});

describe('drafts of payloads', () => {
  const store = (): DraftStore & { readonly kept: Map<string, unknown> } => {
    const kept = new Map<string, unknown>();
    return { kept, get: <T>(key: string) => kept.get(key) as T | undefined, update: async (key, value) => void kept.set(key, structuredClone(value)) };
  };

  it('outlive the window, until they are dropped', async () => {
    const kept = store();
    await new Drafts(kept, () => 5).set('a', '{}');
    const later = new Drafts(kept);
    assert.deepEqual(later.get('a'), { text: '{}', savedAtMs: 5 });
    await later.delete('a');
    assert.equal(new Drafts(kept).get('a'), undefined);
  });

  it('are bounded: the one saved longest ago goes first, and none is huge', async () => {
    const drafts = new Drafts(store());
    for (let index = 0; index < 50; index++) await drafts.set(`draft ${index}`, '{}');
    await drafts.set('draft 0', '{"saved":"again"}');
    await drafts.set('one more', '{}');
    assert.equal(drafts.get('draft 1'), undefined);
    assert.equal(drafts.get('draft 0')?.text, '{"saved":"again"}');
    await assert.rejects(drafts.set('huge', 'x'.repeat(2_000_000)), /1048576 characters/);
  });
});
