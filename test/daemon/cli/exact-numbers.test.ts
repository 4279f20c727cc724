import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { JobSummary } from '../../../schemas/protocol/job.ts';
import { HttpSink } from '../../support/http-sink.ts';
import { RealProject } from './real-project.ts';

const workflow = `name: Numbers
inputs:
  url: { type: string }
  given: {}
  ids: { type: string }
steps:
  get:
    uses: http/request
    with: { url: "\${{ inputs.url }}/answer" }
  one:
    foreach: { items: "\${{ steps.get.output.body.list }}", as: id, on-item-failure: continue }
    uses: http/request
    with: { url: "\${{ inputs.url }}/one", method: POST, json: { id: "\${{ id }}", text: "id \${{ id }}", next: "\${{ string(int(string(id)) + 1) }}" } }
  raw:
    uses: http/request
    with:
      url: \${{ inputs.url }}/raw
      method: POST
      headers: { content-type: application/json }
      text: '{"ids":[\${{ join(steps.get.output.body.list) }}]}'
  rows:
    foreach: { file: "\${{ inputs.ids }}", as: row, key: "\${{ row.id }}", on-item-failure: continue }
    uses: http/request
    with: { url: "\${{ inputs.url }}/row", method: POST, json: "\${{ row }}" }
  given:
    uses: http/request
    with: { url: "\${{ inputs.url }}/given", method: POST, json: { given: "\${{ inputs.given }}" } }
`;

const inputs = `name: Typed
inputs: { id: { type: integer } }
steps:
  a:
    uses: http/request
    with: { url: "http://127.0.0.1:9/", json: "\${{ inputs.id }}" }
`;

/** What is the same digits again when it has been a number: -2^63 is a double, but is written -9223372036854776000. */
const isExact = (digits: string): boolean => String(Number(digits)) === digits;

describe('numbers from one end to the other, with a real daemon and real HTTP', function () {
  const sink = new HttpSink();
  let project: RealProject;
  let url: string;

  before(async () => {
    ({ url } = await sink.start());
    project = await RealProject.make({ '.sluice/workflows/numbers.yaml': workflow, '.sluice/workflows/typed.yaml': inputs });
  });
  after(async () => {
    await project.remove();
    await sink.stop();
  });

  const bodies = (path: string): readonly string[] => sink.requests.filter((request) => request.path === path).map(({ body = '' }) => body);

  it('keeps every digit of integers of 64 bits: from answers, CSV and JSON, through expressions, to the wire and the views', async () => {
    const big = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 2n }).map(String);
    const near = fc.bigInt({ min: 2n ** 53n - 20n, max: 2n ** 53n + 20n }).map(String);
    const ids = [...new Set(['9007199254740992', '9007199254740993', '9223372036854775806', '-9223372036854775808', '0', ...fc.sample(fc.oneof(big, near, fc.integer().map(String)), { numRuns: 60, seed: 14 })])];
    sink.respond = ({ path }) => (path === '/answer' ? { headers: { 'content-type': 'application/json' }, body: `{"list":[${ids.join(',')}]}` } : {});
    await project.write('ids.csv', `id\n${ids.join('\n')}\n`);
    await project.write('given.json', `[${ids.filter(isExact).join(',')}]`);
    const { code, stderr } = await project.type(['run', 'numbers', '-i', `url=${url}`, '-i', 'ids=ids.csv', '-i', 'given=@given.json', '--wait']);
    assert.equal(code, 0, stderr);

    // A number where JSON can hold it, else its digits as text.
    const written = (digits: string): string => (isExact(digits) ? digits : `"${digits}"`);
    assert.deepEqual(bodies('/one').toSorted(), ids.map((id) => `{"id":${written(id)},"text":"id ${id}","next":"${BigInt(id) + 1n}"}`).toSorted());
    assert.deepEqual(bodies('/row').toSorted(), ids.map((id) => `{"id":"${id}"}`).toSorted());
    // As numbers, where somebody insists.
    assert.deepEqual(bodies('/raw'), [`{"ids":[${ids.join(',')}]}`]);
    assert.deepEqual(bodies('/given'), [`{"given":[${ids.filter(isExact).join(',')}]}`]);

    const jobs = await project.json<readonly JobSummary[]>(['jobs', '--limit', '500']);
    const shown = await Promise.all(jobs.filter(({ step }) => step === 'one').map(async ({ id }) => (await project.type(['job', id, '--json'])).stdout));
    for (const id of ids.filter((digits) => !isExact(digits))) assert.equal(shown.filter((job) => job.includes(`"id":"${id}"`) || job.includes(`"id": "${id}"`)).length, 1, id);
  });

  it('keeps decimals as they were written, as far as a number can', async () => {
    sink.requests.length = 0;
    // 15 digits always survive; of more, the nearest number is the number that was meant.
    const decimals = fc.sample(fc.tuple(fc.bigInt({ min: -999_999_999_999_999n, max: 999_999_999_999_999n }), fc.integer({ min: 1, max: 12 })), { numRuns: 60, seed: 14 }).map(([digits, places]) => Number(`${digits}e-${places}`));
    sink.respond = ({ path }) => (path === '/answer' ? { headers: { 'content-type': 'application/json' }, body: `{"list":[]}` } : {});
    await project.write('given.json', JSON.stringify(decimals));
    await project.write('ids.csv', 'id\n0.10000000000000000000001\n');
    const { code, stderr } = await project.type(['run', 'numbers', '-i', `url=${url}`, '-i', 'ids=ids.csv', '-i', 'given=@given.json', '--wait']);
    assert.equal(code, 0, stderr);
    assert.deepEqual(bodies('/given'), [JSON.stringify({ given: decimals })]);
    assert.deepEqual(bodies('/row'), ['{"id":"0.10000000000000000000001"}']);
  });

  it('refuses with a clear word what it would have to round', async () => {
    await project.write('given.json', '{"id": 9007199254740993}');
    for (const argv of [['run', 'typed', '-i', 'id=9007199254740993'], ['run', 'numbers', '-i', 'given=@given.json', '-i', `url=${url}`, '-i', 'ids=ids.csv']]) {
      const { code, stderr } = await project.type(argv);
      assert.notEqual(code, 0);
      assert.match(stderr, /9007199254740993.* would become 9007199254740992/);
    }
    await project.write('.sluice/workflows/yaml.yaml', inputs.replace('"${{ inputs.id }}"', '{ id: 9007199254740993 }'));
    assert.match((await project.type('validate')).stdout, /yaml\.yaml:\d+:\d+: error: .*9007199254740993/);
  });
});
