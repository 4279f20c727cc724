import assert from 'node:assert/strict';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import type { ActionDefinition } from '../../../schemas/workflow/actions/action-definition.ts';
import { analyseConfig, analyseConnections } from '../../../schemas/workflow/analysis/analyse-connections.ts';
import { analyseQueues } from '../../../schemas/workflow/analysis/queue-analysis.ts';
import { analyseWorkflow, type ProjectNames, workflowIdOf } from '../../../schemas/workflow/analysis/analyse-workflow.ts';
import { cronProblem } from '../../../schemas/workflow/analysis/cron.ts';
import type { Diagnostic } from '../../../schemas/workflow/diagnostic.ts';
import type { Step, Workflow } from '../../../schemas/workflow/model.ts';
import { expressionsOf } from '../../../schemas/workflow/template.ts';
import { connectionsExample, workflowExample } from './example-files.ts';
import { processorMs } from '../../support/processor-time.ts';
import { english } from '../../../schemas/wording/language.ts';

const project: ProjectNames = { queues: {}, connections: new Map([['esp', 'smtp']]) };

function workflowOf(text: string): Workflow {
  const { workflow, diagnostics } = analyseWorkflow({ text, id: 'test', project });
  assert.ok(workflow, english.paragraphOf(diagnostics.map(({ message }) => message)));
  return workflow;
}

function stepOf(step: string, more = ''): Step {
  const found = workflowOf(`steps:\n  call: { uses: http/request, with: { url: x }, ${step} }\n${more}`).steps['call'];
  assert.ok(found);
  return found;
}

function codes(text: string, options: Partial<Parameters<typeof analyseWorkflow>[0]> = { project }): readonly string[] {
  return analyseWorkflow({ text, id: 'test', ...options }).diagnostics.map(({ code }) => code);
}

describe('analyseWorkflow', () => {
  const newsletter = workflowOf(workflowExample);

  it('reads the example of the design into the model', () => {
    assert.equal(newsletter.id, 'test');
    assert.equal(newsletter.name, 'Newsletter');
    assert.equal(newsletter.description, 'Send the weekly letter to a list.');
    assert.deepEqual(newsletter.queues['enrichment'], {
      name: 'enrichment',
      rate: { limit: 100, perMs: 60_000, burst: 10 },
      concurrency: 10,
      timeoutMs: 20_000,
      retry: { backoff: { kind: 'delays', delaysMs: [60_000, 300_000, 1_800_000, 7_200_000] }, jitter: 0.1 },
    });
    assert.deepEqual(newsletter.queues['esp'], {
      name: 'esp',
      rate: { limit: 1000, perMs: 60_000, burst: 50 },
      concurrency: 20,
      retry: { backoff: { kind: 'exponential', firstMs: 5_000, factor: 2, maxMs: 600_000, attempts: 6 }, jitter: 0.1 },
      maxDepth: 200_000,
      keepDeadLettersMs: 30 * 86_400_000,
      alerts: {
        depth: { warning: 5000, error: 50_000 },
        oldest: { warning: 600_000 },
        'failure-rate': { warning: 0.05, error: 0.2, overMs: 300_000 },
        'dead-letters': { error: 1 },
        filling: { warning: 300_000 },
      },
    });
    const { send, enrich } = newsletter.steps;
    assert.equal(send?.queue, 'esp');
    assert.equal(send.priority, 2);
    assert.deepEqual(send.needs, ['enrich']);
    assert.equal(send.if?.source, '!inputs.dry');
    assert.equal(send.foreach?.as, 'person');
    assert.deepEqual(enrich?.foreach?.tolerate, { kind: 'share', share: 0.02 });
    assert.deepEqual(enrich.needs, []);
    assert.equal(newsletter.onFailure['tell']?.uses, 'webhook/send');
    assert.deepEqual(newsletter.onFailure['tell'].needs, []);
    assert.equal(newsletter.onFailure['tell'].queue, 'default');
  });

  it('makes a JSON Schema of the inputs that a run can be checked with', () => {
    const validate = new Ajv2020().compile(newsletter.inputs);
    assert.ok(validate({ list: [{ email: 'a' }], subject: 'x' }));
    assert.ok(!validate({ list: [{}], subject: 'x' }));
    assert.ok(!validate({ list: [] }));
    assert.ok(!validate({ list: [], subject: 'x', other: 1 }));
  });

  it('takes the id as the name if there is none', () => assert.equal(workflowOf('steps: { a: { uses: http/request, with: { url: x } } }').name, 'test'));

  it('knows the id of a file', () => {
    assert.deepEqual(['.sluice/workflows/a-b.yaml', 'x/deal.sluice.yaml', 'c.yml', 'd.sluice.yml'].map(workflowIdOf), ['a-b', 'deal', 'c', 'd']);
  });

  it('lets a step wait for what it needs and for what any of its expressions refers to', () => {
    const others = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => `  ${id}: { uses: http/request, with: { url: x } }\n`).join('');
    const step = stepOf(
      `needs: [a], if: steps.b.status == 'succeeded', foreach: { items: "\${{ steps.c.output.body }}", key: "\${{ steps.d.output.body }}-\${{ item }}", on-item-failure: fail }`,
      others,
    );
    assert.deepEqual(step.needs, ['a', 'c', 'd', 'b']);
    const last = workflowOf(`steps:\n${others}  last: { uses: http/request, with: { url: "\${{ steps.e.output.body }}/\${{ steps.f.output.body }}", text: "\${{ steps.e.status }}" } }\n`).steps['last'];
    assert.deepEqual(last?.needs, ['e', 'f']);
    assert.deepEqual(expressionsOf(last.with).map(({ source }) => source), ['steps.e.output.body', 'steps.f.output.body', 'steps.e.status']);
  });

  it('lets a step of on-failure refer to steps without waiting for them', () => {
    const { onFailure } = workflowOf('steps: { a: { uses: http/request, with: { url: x } } }\non-failure:\n  tell: { uses: http/request, with: { url: "${{ steps.a.status }}" } }\n  more: { uses: http/request, with: { url: x }, needs: tell }\n');
    assert.deepEqual(onFailure['tell']?.needs, []);
    assert.deepEqual(onFailure['more']?.needs, ['tell']);
  });

  it('takes values of a step in every form', () => {
    assert.equal(stepOf('timeout: 1m30s').timeoutMs, 90_000);
    assert.equal(stepOf('priority: high').priority, 8);
    assert.equal(stepOf('priority: 0').priority, 0);
    assert.deepEqual(stepOf('retry: none').retry, { backoff: { kind: 'delays', delaysMs: [] }, jitter: 0 });
    assert.equal(stepOf('if: true').if?.source, 'true');
    assert.equal(stepOf('if: "${{ failure() }}"').if?.source, 'failure()');
    assert.deepEqual(stepOf('foreach: { items: [1], on-item-failure: continue }').foreach?.tolerate, { kind: 'count', count: 0 });
    assert.deepEqual(stepOf('foreach: { items: [1], on-item-failure: fail }').foreach?.tolerate, { kind: 'count', count: 0 });
    assert.deepEqual(stepOf('foreach: { items: [1], on-item-failure: continue, tolerate: 5 }').foreach?.tolerate, { kind: 'count', count: 5 });
    assert.deepEqual(stepOf('foreach: { file: a.CSV, on-item-failure: fail }').foreach?.source, { kind: 'file', file: { kind: 'literal', value: 'a.CSV' } });
    assert.equal(stepOf('foreach: { file: "${{ inputs.f }}", on-item-failure: fail }', 'inputs: { f: { type: string } }\n').foreach?.source.kind, 'file');
  });

  it('keeps what is escaped as it is', () => {
    const { steps } = workflowOf('steps: { a: { uses: http/request, with: { url: x, text: "a $${{ b }}" } } }');
    assert.deepEqual(steps['a']?.with, { kind: 'literal', value: { url: 'x', text: 'a ${{ b }}' } });
  });

  it('does not check what is in other files where it is not told about them', () => {
    const text = 'steps: { a: { uses: email/send, queue: far, with: { connection: away, to: a@b.c, subject: x, text: "${{ env.X }}" } } }';
    assert.deepEqual(codes(text, {}), []);
    assert.deepEqual(codes(text), ['unknown-queue', 'unknown-connection']);
    assert.deepEqual(codes(text, { project: { queues: new Map([['far', { name: 'far' }]]), connections: new Map([['away', 'smtp']]), env: [] } }), ['unknown-environment']);
  });

  it('takes any action with any input where it is told so', () => {
    const text = 'steps: { a: { uses: test/any, with: { x: { y: "${{ secrets.A }}" } } } }';
    assert.deepEqual(codes(text), ['unknown-action']);
    assert.deepEqual(codes(text, { actions: 'any' }), []);
    assert.deepEqual(codes('steps: { a: { uses: wait/for, with: { duration: 5s } } }', { actions: 'any' }), []);
    // An expression that fails only when it is evaluated takes nothing else of the run along.
    assert.deepEqual(codes('steps: { a: { uses: wait/for, with: { duration: "${{ {\'a\': 1, \'a\': 2}.a }}s" } } }', { actions: 'any' }), []);
  });

  for (const [rule, text] of Object.entries({
    'the same key for every item': 'steps: { a: { uses: x, foreach: { items: [1, 2], key: same, on-item-failure: fail } } }',
    'a number that is rounded': 'steps: { a: { uses: x, with: { id: 7615917337495251231 } } }',
    'U+FFFD': 'steps: { a: { uses: x, with: { name: "Gr\uFFFDn" } } }',
    'an input that nothing fits': 'inputs: { s: { enum: [] } }\nsteps: { a: { uses: x } }',
    'a step that expressions can not name': 'steps: { null: { uses: x } }',
  })) {
    it(`reads a version that a run was started with before a rule came: ${rule}`, () => {
      assert.notDeepEqual(codes(text, {}).filter((code) => code !== 'unknown-action'), []);
      assert.deepEqual(codes(text, { actions: 'any' }), []);
    });
  }

  it('checks against the actions that it is given', () => {
    const echo: ActionDefinition = { name: 'test/echo', summary: '', input: { type: 'object', additionalProperties: false, properties: { a: { type: 'integer', 'x-secret': true } } }, output: {} };
    const check = (input: string): readonly string[] => codes(`steps: { a: { uses: test/echo, with: ${input} } }`, { actions: [echo] });
    assert.deepEqual(check('{ a: 1 }'), []);
    assert.deepEqual(check('{ a: "${{ secrets.A }}" }'), []);
    assert.deepEqual(check('{ a: x, b: 1 }'), ['bad-with', 'unknown-key']);
  });

  it('finds nothing wrong with a chain of a thousand steps, and the circle that closes it', () => {
    const chain = (last: string): string => `steps:\n${Array.from({ length: 1_000 }, (_, index) => `  s${index}: { uses: http/request, with: { url: x }, needs: [${index === 0 ? last : `s${index - 1}`}] }\n`).join('')}`;
    assert.deepEqual(codes(chain('')), []);
    assert.deepEqual(codes(chain('s999')), ['cycle']);
  });

  it('finds a circle that a step outside leads into, and one through both ways of waiting', () => {
    const { diagnostics } = analyseWorkflow({ id: 'test', text: 'steps:\n  a: { uses: http/request, with: { url: "${{ steps.b.output.body }}" } }\n  b: { uses: http/request, with: { url: x }, needs: c }\n  c: { uses: http/request, with: { url: x }, if: steps.b.status == "failed" }\n' });
    assert.deepEqual(diagnostics.map(({ message }) => english.textOf(message)), ['These steps wait for each other in a circle: b -> c -> b. Take one of these dependencies out.']);
  });

  it('never hangs on a pattern of an input', () => {
    const tookMs = processorMs(() => codes(`inputs: { a: { type: string, pattern: "^(a+)+$", default: "${'a'.repeat(60)}!" } }\nsteps: {}`));
    assert.ok(tookMs < 1_000, `${tookMs} ms`);
    assert.deepEqual(codes('inputs: { a: { type: string, pattern: "^[a-z]+$", default: "A" } }\nsteps: { a: { uses: http/request, with: { url: x } } }'), ['bad-default']);
  });
});

describe('the other files', () => {
  it('queues: by name', () => {
    assert.deepEqual(analyseQueues('queues: { a: { concurrency: 2 }, b: }').value, new Map([['a', { name: 'a', concurrency: 2 }], ['b', { name: 'b' }]]));
    assert.deepEqual(analyseQueues('# none yet').value, new Map());
  });

  it('connections: with defaults, the password as a template', () => {
    const esp = analyseConnections(connectionsExample).value?.get('esp');
    assert.ok(esp?.type === 'smtp' && esp.password?.kind === 'expression');
    assert.deepEqual({ ...esp, password: esp.password.expression.source }, { name: 'esp', type: 'smtp', host: 'smtp.example.com', port: 587, tls: 'starttls', user: 'mailer', password: 'secrets.ESP_PASSWORD', from: 'News <news@example.com>', pool: 5, maxMessages: 100 });
    const ports = analyseConnections('connections:\n  a: { type: smtp, host: h, port: 465 }\n  b: { type: smtp, host: h, tls: tls }\n  c: { type: smtp, host: h, tls: none }\n').value;
    assert.deepEqual([...(ports?.values() ?? [])].map((one) => (one.type === 'smtp' ? `${one.tls} ${one.port}` : one.type)), ['tls 465', 'tls 465', 'none 25']);
  });

  it('config: with defaults', () => {
    const defaults = { durability: 'full', keepRunsMs: 2_592_000_000, graceMs: 20_000, env: [], alerts: [], webhooks: { keepMs: 2_592_000_000, keepCount: 10_000 } };
    assert.deepEqual(analyseConfig('').value, defaults);
    assert.deepEqual(analyseConfig('grace: 5s').value, { ...defaults, graceMs: 5_000 });
    assert.deepEqual(analyseConfig('durability: normal\nretention: { runs: 7d }\ngrace: 0s\nenv: [REGION]\nallowed-addresses: [api.example.com, 10.0.0.0/8, "::1"]').value, {
      ...defaults,
      durability: 'normal',
      keepRunsMs: 604_800_000,
      graceMs: 0,
      env: ['REGION'],
      allowedAddresses: ['api.example.com', '10.0.0.0/8', '::1'],
    });
  });
});

describe('cronProblem', () => {
  for (const cron of ['* * * * *', '0 9 * * MON', '*/5 0-6,22 1,15 JAN-MAR sun-sat', '0 0 29 2 *', '0 0 31 2 1', '0-30/10 * * * 7', ' 1  2 3 4 5 ']) {
    it(`takes ${cron}`, () => assert.equal(cronProblem(cron), undefined));
  }
  for (const cron of ['', '* * * *', '* * * * * *', '60 * * * *', '* 24 * * *', '* * 0 * *', '* * * 13 *', '* * * * 8', '5-1 * * * *', '*/0 * * * *', '1,,2 * * * *', '1/5 * * * *', '* * * * MO', '0 0 31 4 *', '@hourly', '- * * * *', '1-2-3 * * * *']) {
    it(`refuses ${cron === '' ? 'nothing' : cron}`, () => assert.notEqual(cronProblem(cron), undefined));
  }
});

describe('analysis of anything', () => {
  const analyses: readonly ((text: string) => readonly Diagnostic[])[] = [
    (text) => analyseWorkflow({ text, id: 'x', project }).diagnostics,
    (text) => analyseWorkflow({ text, id: 'x', actions: 'any' }).diagnostics,
    (text) => analyseQueues(text).diagnostics,
    (text) => analyseConnections(text).diagnostics,
    (text) => analyseConfig(text).diagnostics,
  ];

  function check(text: string): void {
    for (const analyse of analyses) {
      const tookMs = processorMs(() => {
        for (const { range, message: told } of analyse(text)) {
          const message = english.textOf(told);
          assert.ok(0 <= range.start && range.start <= range.end && range.end <= text.length, `${message} at ${range.start}-${range.end} of ${text.length}`);
          assert.ok(text === '' || range.end > range.start, message);
          assert.ok(message.length < 1_000, message);
        }
      });
      assert.ok(tookMs < 2_000, `${tookMs} ms`);
    }
  }

  it('never throws, and points into the text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), check), { numRuns: 500 });
  });

  it('nor for pieces of the language in any order', () => {
    const pieces = ['steps:', 'on:', 'inputs', 'foreach', 'queues', ': ', '\n', '\n  ', '\n    ', '- ', '{', '}', '[', ']', ', ', '"', "'", '${{', '}}', ' steps.a.output ', 'item', 'a', '1m', '100/min', '&a ', '*a', '|', '>', '#', '\t', '<<', 'uses: http/request', 'with: ', 'needs: ', 'if: ', '!x ', '__proto__', 'constructor', 'toString', '\\', '😀', '\r\n', '\uFEFF', '---'];
    fc.assert(fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((list) => list.join('')), check), { numRuns: 1_000 });
  });

  it('nor for a right file with a part taken out, doubled or replaced', () => {
    const texts = [workflowExample, connectionsExample];
    const edit = fc.record({ text: fc.constantFrom(...texts), start: fc.nat(3_500), length: fc.nat(60), insert: fc.oneof(fc.constant(''), fc.constantFrom('\n', '  ', ':', '{', '"', '${{ ', '- ', 'null', '5', '[]', '*x'), fc.string({ maxLength: 5 })) });
    fc.assert(
      fc.property(edit, ({ text, start, length, insert }) => check(text.slice(0, start) + insert + text.slice(start + length))),
      { numRuns: 200 },
    );
  });

  it('nor for any value at any place', () => {
    const values = ['5', '-1', '1.5', 'true', 'null', 'x', '""', '[]', '{}', '[[1]]', '{ a: { b: c } }', '"${{ inputs.x }}"', '"${{ }}"', '__proto__'];
    const keys = [...workflowExample.matchAll(/([\w-]+):(?= )/g)].map(({ index, 0: key }) => index + key.length);
    fc.assert(
      fc.property(fc.constantFrom(...keys), fc.constantFrom(...values), (at, value) => {
        const lineEnd = workflowExample.indexOf('\n', at);
        check(`${workflowExample.slice(0, at)} ${value}${workflowExample.slice(lineEnd)}`);
      }),
      { numRuns: 200 },
    );
  });
});
