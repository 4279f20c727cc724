import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { CodeAction } from 'vscode-languageserver-types';
import { codeActions, fixAllKind } from '../../../../schemas/language/code-actions.ts';
import { LanguageProject } from '../../../../schemas/language/language-project.ts';
import { applyEdit } from '../../../support/apply-edit.ts';

const path = '.sluice/workflows/w.yaml';
const queuesPath = '.sluice/queues.yaml';
const all = { start: 0, end: Number.MAX_SAFE_INTEGER };

interface Given {
  readonly text: string;
  readonly queues?: string;
  readonly connections?: string;
  readonly config?: string;
  /** Of the file in which something is to be fixed; the workflow if it is left out. */
  readonly at?: string;
}

function projectOf({ text, queues, connections, config }: Given): LanguageProject {
  const others = [['queues', queues], ['connections', connections], ['config', config]] as const;
  return LanguageProject.of([{ path, text }, ...others.flatMap(([name, given]) => (given === undefined ? [] : [{ path: `.sluice/${name}.yaml`, text: given }]))], { secrets: ['TOKEN', 'SLACK_TOKEN'] });
}

/** Without what is said only once a file no longer has errors. */
function findings(project: LanguageProject): readonly string[] {
  return [...project.analysis.diagnostics, ...project.advice].flatMap(([file, list]) => list.filter(({ code }) => code !== 'not-supported' && code !== 'unused').map(({ code }) => `${file} ${code}`)).sort();
}

function actionsOn(given: Given): readonly CodeAction[] {
  return codeActions(projectOf(given), given.at ?? path, all, { canSetSecrets: true });
}

/** Applies an action by its title, checks that its own finding is gone and that nothing new has come, and answers with the file. */
function fixed(given: Given, title: string, inFile = given.at ?? path): string {
  const project = projectOf(given);
  const actions = actionsOn(given);
  const action = actions.find((one) => one.title === title);
  assert.ok(action, `there is no ${title}: ${actions.map((one) => one.title).join(' | ')}`);
  const code = String(action.diagnostics?.[0]?.code);
  const after = applyEdit(project, action.edit);
  const before = findings(project);
  const left = findings(after);
  const fixed = `${given.at ?? path} ${code}`;
  // One slip of the pen can give several errors of syntax.
  const wanted = code === 'yaml-syntax' ? before.filter((one) => one !== fixed) : before.toSpliced(before.indexOf(fixed), 1);
  assert.deepEqual(left, wanted, `after ${title}:\n${after.files.get(inFile)?.text ?? ''}`);
  return after.files.get(inFile)?.text ?? '';
}

const step = 'steps:\n  call: { uses: http/request, with: { url: https://a.example } }\n';
const withStep = (body: string): string => `steps:\n  call:\n    uses: http/request\n    with: { url: https://a.example }\n${body}`;

describe('quick fixes', () => {
  it('change a key, a value and a name within an expression to what was meant', () => {
    assert.equal(fixed({ text: `stepz:${step.slice('steps:'.length)}` }, "Change to 'steps'"), step);
    assert.equal(fixed({ text: `"nmae": 'W'\n${step}` }, "Change to 'name'"), `"name": 'W'\n${step}`);
    const email = { connections: 'connections: { esp: { type: smtp, host: a.example } }\n' };
    const mail = (connection: string): string => `steps:\n  mail:\n    uses: email/send\n    with:\n      connection: ${connection}   # ours\n      to: a@b.example\n      subject: ""\n      text: hi\n`;
    assert.equal(fixed({ ...email, text: mail("'epp'") }, "Change to 'esp'"), mail("'esp'"));
    const name = (input: string): string => `inputs: { subject: { type: string } }\nsteps:\n  call: { uses: http/request, with: { url: "https://a.example/\${{ inputs.${input} }}" } }\n`;
    assert.equal(fixed({ text: name('subjcet') }, "Change to 'subject'"), name('subject'));
  });

  it('are preferred if there is no doubt, and one at most of each finding', () => {
    const [only] = actionsOn({ text: `stepz:${step.slice('steps:'.length)}` });
    assert.equal(only?.isPreferred, true);
    const choices = actionsOn({ text: `on: { schedule: [{ cron: "0 9 * * *", missed: never }] }\n${step}` }).filter(({ title }) => title.startsWith('Change to'));
    assert.ok(choices.length > 1 && choices.every(({ isPreferred }) => isPreferred === undefined), JSON.stringify(choices));
    const queue = actionsOn({ text: withStep('    queue: wokr\n'), queues: 'queues:\n  work: { alerts: { dead-letters: { error: 1 } } }\n' });
    assert.deepEqual(queue.filter(({ isPreferred }) => isPreferred === true).map(({ title }) => title), ["Change to 'work'"]);
  });

  it('leave the quotes of an expression as the text around it needs them', () => {
    const text = (condition: string): string => `inputs: { mode: { type: string, enum: [fast, slow] } }\n${withStep(`    if: ${condition}\n`)}`;
    assert.equal(fixed({ text: text("inputs.mode == 'fats'") }, "Change to 'fast'"), text("inputs.mode == 'fast'"));
    assert.equal(fixed({ text: text(`"inputs.mode == 'fats'"`) }, "Change to 'fast'"), text(`"inputs.mode == 'fast'"`));
    assert.equal(fixed({ text: text("'inputs.mode == ''fats'''") }, "Change to 'fast'"), text("'inputs.mode == ''fast'''"));
  });

  it('give a unit to durations alone, of all numbers in a rate and in a retry policy', () => {
    const titles = (text: string): readonly string[] => actionsOn({ text: `queues: { q: ${text} }\n${withStep('    queue: q\n')}` }).map(({ title }) => title).filter((title) => title.startsWith('Change'));
    assert.deepEqual(titles('{ retry: { type: exponential, first: 5, attempts: 0, factor: 0 } }'), ["Change to '5s'", "Change to '5m'", "Change to '5ms'"]);
    assert.deepEqual(titles('{ retry: { delays: [5] } }'), ["Change to '5s'", "Change to '5m'", "Change to '5ms'"]);
    assert.deepEqual(titles('{ rate: { limit: 0, per: 1m } }'), []);
    assert.deepEqual(titles('{ rate: 100 }'), ["Change to '100/min'"]);
  });

  describe('for what is declared nowhere', () => {
    const text = withStep('    queue: erp   # slow\n');
    const declared = '  erp:\n    concurrency: 10\n    alerts: { dead-letters: { error: 1 } }\n';

    it('declare a queue in this file, above its steps and their comment', () => {
      const title = "Declare the queue 'erp' in this file";
      assert.equal(fixed({ text }, title), `queues:\n${declared}\n${text}`);
      const commented = `name: W\n\n# What it does.\n${text}`;
      assert.equal(fixed({ text: commented }, title), `name: W\n\nqueues:\n${declared}\n# What it does.\n${text}`);
    });

    it('declare a queue beside others, in their style', () => {
      const title = "Declare the queue 'erp' in this file";
      const block = `queues:\n    web:\n        rate: 1/s   # ours\n\n`;
      assert.equal(fixed({ text: `${block}${text}` }, title), `queues:\n    web:\n        rate: 1/s   # ours\n    erp:\n        concurrency: 10\n        alerts: { dead-letters: { error: 1 } }\n\n${text}`);
      assert.equal(fixed({ text: `queues: { web: { rate: 1/s } }\n${text}` }, title), `queues: { web: { rate: 1/s }, erp: { concurrency: 10, alerts: { dead-letters: { error: 1 } } } }\n${text}`);
      assert.equal(fixed({ text: `queues:   # none yet\n${text}` }, title), `queues:   # none yet\n${declared}${text}`);
      assert.equal(fixed({ text: `queues: {}\n${text}` }, title), `queues: { erp: { concurrency: 10, alerts: { dead-letters: { error: 1 } } } }\n${text}`);
    });

    it('declare a queue for all workflows, in a file that may not be there yet', () => {
      const title = "Declare the queue 'erp' in .sluice/queues.yaml";
      assert.equal(fixed({ text, queues: '# Shared.\nqueues:\n  web: {}\n' }, title, queuesPath), `# Shared.\nqueues:\n  web: {}\n${declared}`);
      assert.equal(fixed({ text, queues: '# Nothing yet.\n' }, title, queuesPath), `# Nothing yet.\nqueues:\n${declared}`);
      assert.equal(fixed({ text }, title, queuesPath), `queues:\n${declared}`);
      const create = actionsOn({ text }).find((one) => one.title === title)?.edit?.documentChanges?.[0];
      assert.deepEqual(create, { kind: 'create', uri: queuesPath, options: { ignoreIfExists: true } });
    });

    it('declare a connection, an input and a variable of the environment', () => {
      const mail = 'steps:\n  mail: { uses: email/send, with: { connection: esp, to: a@b.example, subject: "", text: hi } }\n';
      assert.match(fixed({ text: mail }, "Declare the connection 'esp' in .sluice/connections.yaml", '.sluice/connections.yaml'), /^connections:\n {2}esp: \{ type: smtp/);
      const chat = 'steps:\n  tell: { uses: http/request, with: { connection: slack, url: /chat.postMessage } }\n';
      const declared = /^connections:\n {2}(?:esp: .*\n {2})?slack:\n {4}# The bot token.*\n {4}type: http\n {4}url: https:\/\/slack\.com\/api\n {4}auth: /;
      for (const connections of ['', 'connections:\n  esp: { type: smtp, host: h, from: a@b.c }\n']) assert.match(fixed({ text: chat, connections }, "Declare the connection 'slack' in .sluice/connections.yaml", '.sluice/connections.yaml'), declared, connections);
      const uses = (expression: string): string => `steps:\n  call: { uses: http/request, with: { url: "https://\${{ ${expression} }}" } }\n`;
      assert.equal(fixed({ text: uses('inputs.host') }, "Declare the input 'host'"), `inputs:\n  host: { type: string }\n\n${uses('inputs.host')}`);
      const allow = "Allow the environment variable 'HOST' in .sluice/config.yaml";
      assert.equal(fixed({ text: uses('env.HOST') }, allow, '.sluice/config.yaml'), 'env: [HOST]\n');
      assert.equal(fixed({ text: uses('env.HOST'), config: 'env: [A]   # few\n' }, allow, '.sluice/config.yaml'), 'env: [A, HOST]   # few\n');
      assert.equal(fixed({ text: uses('env.HOST'), config: 'env:\n  - A\n' }, allow, '.sluice/config.yaml'), 'env:\n  - A\n  - HOST\n');
    });
  });

  describe('for secrets', () => {
    it('ask for the value of one that is not set, where the editor can', () => {
      const given = { text: 'steps:\n  call: { uses: http/request, with: { url: https://a.example, headers: { authorization: "${{ secrets.CRM_KEY }}" } } }\n' };
      const [action] = actionsOn(given);
      assert.deepEqual(action?.command, { title: "Set the secret 'CRM_KEY'...", command: 'sluice.setSecret', arguments: [{ uri: path, secret: 'CRM_KEY' }] });
      assert.equal(action.edit, undefined);
      assert.deepEqual(codeActions(projectOf(given), path, all), [], 'no command that the editor does not have');
    });

    it('move a literal out of the file, with quotes where its place asks for them', () => {
      const text = (value: string): string => `steps:\n  call:\n    uses: http/request\n    with:\n      url: https://a.example\n      headers:\n        authorization: ${value}   # for now\n`;
      const title = "Move it to the secret 'CALL_AUTHORIZATION'...";
      const move = (given: string): string | undefined => {
        const project = projectOf({ text: given });
        const action = actionsOn({ text: given }).find((one) => one.title === title);
        assert.equal(action?.command?.command, 'sluice.setSecret');
        const after = applyEdit(project, action.edit);
        assert.deepEqual(findings(after), [`${path} unknown-secret`], 'it has to be set');
        return after.files.get(path)?.text;
      };
      assert.equal(move(text('Bearer 9f8a7b6c5d4e3f2a1b0c')), text('Bearer ${{ secrets.CALL_AUTHORIZATION }}'));
      assert.equal(move(text('"Bearer 9f8a7b6c5d4e3f2a1b0c"')), text('"Bearer ${{ secrets.CALL_AUTHORIZATION }}"'));
      assert.equal(move(text("'9f8a7b6c-5d4e3f2a1b0c'")), text("'${{ secrets.CALL_AUTHORIZATION }}'"));
      const flow = (value: string): string => `steps:\n  call: { uses: http/request, with: { url: https://a.example, headers: { authorization: ${value} } } }\n`;
      assert.equal(move(flow('Bearer 9f8a7b6c5d4e3f2a1b0c')), flow('"Bearer ${{ secrets.CALL_AUTHORIZATION }}"'));
    });

    it('do not move it where no secret may stand', () => {
      const hook = (where: string): Given => ({ text: `steps:\n  tell: { uses: webhook/send, with: { url: https://a.example, ${where} } }\n` });
      const titles = (given: Given): readonly string[] => actionsOn(given).map(({ title }) => title);
      assert.deepEqual(titles(hook('body: { token: 9f8a7b6c5d4e3f2a1b0c }')), []);
      assert.deepEqual(titles(hook('headers: { token: 9f8a7b6c5d4e3f2a1b0c }')), ["Move it to the secret 'TELL_TOKEN'..."], 'a control');
    });

    it('move the password of a connection', () => {
      const connections = 'connections:\n  esp: { type: smtp, host: a.example, user: me, password: "hunter22" }\n';
      const action = actionsOn({ text: step, connections, at: '.sluice/connections.yaml' })[0];
      assert.equal(action?.title, "Move it to the secret 'ESP_PASSWORD'...");
      assert.match(applyEdit(projectOf({ text: step, connections }), action.edit).files.get('.sluice/connections.yaml')?.text ?? '', /password: "\$\{\{ secrets\.ESP_PASSWORD \}\}" \}/);
    });
  });

  it('add a policy for failed items, in either style', () => {
    const flow = (more: string): string => withStep(`    foreach: { items: [1, 2]${more} }\n`);
    assert.equal(fixed({ text: flow('') }, 'Continue when an item fails: on-item-failure: continue'), flow(', on-item-failure: continue'));
    assert.equal(fixed({ text: flow('') }, 'Fail the step when an item fails: on-item-failure: fail'), flow(', on-item-failure: fail'));
    const block = (more: string): string => withStep(`    foreach:\n      items:\n        - 1\n        - 2   # the last\n${more}    timeout: 5s\n`);
    assert.equal(fixed({ text: block('') }, 'Continue when an item fails: on-item-failure: continue'), block('      on-item-failure: continue\n'));
  });

  it('add keys that must be there', () => {
    assert.equal(fixed({ text: 'steps:\n  call: { uses: http/request }\n' }, "Add 'url'"), 'steps:\n  call: { uses: http/request, with: { url: https://example.com } }\n');
    assert.equal(fixed({ text: 'steps:\n  call:\n    uses: http/request\n    with:\n      method: GET\n' }, "Add 'url'"), 'steps:\n  call:\n    uses: http/request\n    with:\n      method: GET\n      url: https://example.com\n');
    assert.equal(fixed({ text: 'name: W\n' }, "Add 'steps'"), 'name: W\n\nsteps:\n  fetch:\n    uses: http/request\n    with:\n      url: https://example.com\n');
    const schedule = (more: string): string => `on:\n  schedule:\n    - timezone: UTC\n${more}${step}`;
    assert.equal(fixed({ text: schedule('') }, "Add 'cron'"), schedule('      cron: "0 9 * * MON"\n'));
    const connections = 'connections:\n  esp:\n    type: smtp\n';
    assert.equal(fixed({ text: step, connections, at: '.sluice/connections.yaml' }, "Add 'host'"), `${connections}    host: smtp.example.com\n`);
  });

  it('fix durations and rates', () => {
    const timeout = (value: string): string => withStep(`    timeout: ${value}\n`);
    assert.equal(fixed({ text: timeout('30') }, "Change to '30s'"), timeout('30s'));
    assert.equal(fixed({ text: timeout('"30"') }, "Change to '30m'"), timeout('"30m"'));
    assert.equal(fixed({ text: timeout('5 Minutes') }, "Change to '5m'"), timeout('5m'));
    const retry = (value: string): string => withStep(`    retry: { delays: [1m, ${value}] }\n`);
    assert.equal(fixed({ text: retry('300') }, "Change to '300s'"), retry('300s'));
    const queues = (rate: string): string => `queues:\n  q: { rate: ${rate}, alerts: { dead-letters: { error: 1 } } }\n`;
    for (const [wrong, right] of [['100', '100/min'], ['100/minute', '100/min'], ['"5 per second"', '"5/s"']] as const) {
      assert.equal(fixed({ text: step, queues: queues(wrong), at: queuesPath }, `Change to '${right.replaceAll('"', '')}'`), queues(right));
    }
  });

  it('put in quotes what needs them', () => {
    assert.equal(fixed({ text: `name: 5\n${step}` }, 'Put it in quotes'), `name: "5"\n${step}`);
    const flow = (value: string): string => `steps:\n  call: { uses: http/request, with: { url: ${value} } }\n`;
    assert.equal(fixed({ text: flow('${{ env.A }}'), config: 'env: [A]\n' }, 'Put the expression in quotes'), flow('"${{ env.A }}"'));
    assert.equal(fixed({ text: flow('${{ format("{0}", env.A) }}'), config: 'env: [A]\n' }, 'Put the expression in quotes'), flow(`'\${{ format("{0}", env.A) }}'`));
  });

  it('take out what has no business there', () => {
    assert.equal(fixed({ text: withStep('    zzz:\n      a: 1   # no\n    timeout: 5s\n') }, "Remove 'zzz'"), withStep('    timeout: 5s\n'));
    assert.equal(fixed({ text: 'steps:\n  call: { uses: http/request, zzz: [1, 2], with: { url: https://a.example } }\n' }, "Remove 'zzz'"), step);
  });

  describe('for advice', () => {
    it('write the braces of an expression for those of another language', () => {
      const call = (url: string): string => `inputs: { id: { type: string } }\nsteps:\n  call:\n    uses: http/request\n    with: { url: https://a.example, text: ${url} }\n`;
      for (const written of ['"{{ inputs.id }}"', '"${inputs.id}"', '"$ {{inputs.id}}"', '"%{ inputs.id }"']) assert.equal(fixed({ text: call(written) }, 'Write ${{ inputs.id }}'), call('"${{ inputs.id }}"'));
      assert.equal(fixed({ text: call("'a {{ inputs.id }}: b'") }, 'Write ${{ inputs.id }}'), call("'a ${{ inputs.id }}: b'"));
    });

    const chain = (needs: string): string => `steps:\n  a: { uses: http/request, with: { url: https://a.example } }\n  b:\n${needs}    uses: http/request\n    with:\n      url: https://a.example/\${{ steps.a.output.status }}\n`;

    it("take a step out of 'needs', and 'needs' with its last one", () => {
      assert.equal(fixed({ text: chain('    needs: [a]   # first\n') }, "Remove 'needs'"), chain(''));
      assert.equal(fixed({ text: chain('    needs: a\n') }, "Remove 'needs'"), chain(''));
      const two = (needs: string): string => `${chain(`    needs: ${needs}\n`)}  c: { uses: http/request, with: { url: https://a.example } }\n`;
      assert.equal(fixed({ text: two('[a, c]') }, "Remove 'a' from 'needs'"), two('[c]'));
      assert.equal(fixed({ text: two('[c, a]') }, "Remove 'a' from 'needs'"), two('[c]'));
      assert.equal(fixed({ text: two('\n      - c\n      - a   # why\n').replace('\n\n', '\n') }, "Remove 'a' from 'needs'"), two('\n      - c'));
    });

    it("add 'needs' where a condition has nothing to look at", () => {
      const text = (needs: string): string => `steps:\n  a: { uses: http/request, with: { url: https://a.example } }\n  b:\n    if: failure()\n    uses: http/request\n    with: { url: https://a.example }\n${needs}`;
      assert.equal(fixed({ text: text('') }, "Wait for 'a'"), text('    needs: [a]\n'));
    });

    it('send a dollar sign and the value, in whichever quotes', () => {
      const text = (value: string): string => `inputs:\n  n: { type: number }\nsteps:\n  tell:\n    uses: webhook/send\n    with: { url: https://a.example, body: { text: ${value} } }\n`;
      for (const [given, wanted] of [['"Pay $${{ inputs.n }}."', '"Pay ${{ \'$\' }}${{ inputs.n }}."'], ["'Pay $${{ inputs.n }}.'", "'Pay ${{ ''$'' }}${{ inputs.n }}.'"]] as const) {
        assert.equal(fixed({ text: text(given) }, 'Send a dollar sign and the value'), text(wanted));
        assert.deepEqual(codeActions(projectOf({ text: text(given) }), path, all, { only: ['source'] }), [], 'it changes what is sent');
      }
    });

    it('add an alert, and a key', () => {
      const queues = 'queues:\n  work:\n    concurrency: 1   # one\n';
      assert.equal(fixed({ text: withStep('    queue: work\n'), queues, at: queuesPath }, 'Alert on dead letters'), `${queues}    alerts: { dead-letters: { error: 1 } }\n`);
      const some = 'queues: { work: { alerts: { depth: { error: 9 } } } }\n';
      assert.equal(fixed({ text: withStep('    queue: work\n'), queues: some, at: queuesPath }, 'Alert on dead letters'), 'queues: { work: { alerts: { depth: { error: 9 }, dead-letters: { error: 1 } } } }\n');
      const each = (key: string): string => `steps:\n  tell:\n    uses: webhook/send\n    with: { url: https://a.example, body: "\${{ one }}" }\n    foreach: { file: x.csv, as: one, on-item-failure: fail${key} }\n`;
      assert.equal(fixed({ text: each('') }, 'Tell items apart by all that they hold'), each(', key: "${{ hash(one) }}"'));
    });
  });

  it('do nothing behind an alias, where the text is not that of the place', () => {
    const text = 'steps:\n  a: { foreach: &each { items: [1] }, uses: http/request, with: { url: https://a.example } }\n  b: { foreach: *each, uses: http/request, with: { url: https://a.example } }\n';
    const at = text.lastIndexOf('foreach');
    assert.deepEqual(codeActions(projectOf({ text }), path, { start: at, end: at }).map(({ title }) => title), []);
  });

  it('are about the place that is asked for', () => {
    const text = `nmae: W\n${withStep('    timeout: 30\n')}`;
    const at = (offset: number): readonly string[] => codeActions(projectOf({ text }), path, { start: offset, end: offset }).map(({ title }) => title);
    assert.deepEqual(at(2), ["Change to 'name'", "Remove 'nmae'"]);
    assert.ok(at(text.indexOf('30')).includes("Change to '30s'"));
    assert.deepEqual(at(text.indexOf('uses')), []);
  });
});

describe('the quick fix of an expression within { }', () => {
  const flow = (query: string): string => `inputs: { who: { type: string } }\nsteps:\n  call:\n    uses: http/request\n    with: { url: "https://a.example", query: { ${query} } }\n`;

  it('puts all of the text around it in quotes', () => {
    const mixed = 'Dear ${{ inputs.who }} and ${{ inputs.who }}';
    assert.equal(fixed({ text: flow(`who: ${mixed}, x: 1`) }, `Put '${mixed}' in quotes`), flow(`who: "${mixed}", x: 1`));
    assert.equal(fixed({ text: flow('who: a-${{ inputs.who }}') }, "Put 'a-${{ inputs.who }}' in quotes"), flow('who: "a-${{ inputs.who }}"'));
  });

  it('is left to a person where other text is around it', () => {
    assert.deepEqual(codeActions(projectOf({ text: flow('who: Dear ${{ inputs.who }}, x: 1') }), path, all, { only: [fixAllKind] }), []);
  });

  it('takes the place of quotes that a word processor has made', () => {
    assert.equal(fixed({ text: flow('who: \u201C${{ inputs.who }}\u201D') }, 'Put the expression in quotes'), flow('who: "${{ inputs.who }}"'));
  });
});

describe('source.fixAll.sluice', () => {
  const text = `Name: 5
steps:
  a: { uses: http/request, with: { url: https://a.example } }
  b:
    needs: [a]
    timeout: 5 minutes
    foreach: { items: [1], on-item-failure: fail }
    uses: http/request
    with: { url: \${{ steps.a.output.body }} }
`;

  it('fixes what is certain, and only where it is asked for', () => {
    const project = projectOf({ text });
    const ask = (only?: readonly string[]): readonly CodeAction[] => codeActions(project, path, { start: 0, end: 0 }, { only });
    assert.deepEqual(ask(['source.fixAll']).map(({ kind }) => kind), [fixAllKind]);
    assert.deepEqual([ask(['source.fixAll.eslint']).length, ask(['refactor']).length, ask().filter(({ kind }) => kind === fixAllKind).length], [0, 0, 0]);
    const once = applyEdit(project, ask([fixAllKind])[0]?.edit);
    const twice = applyEdit(once, codeActions(once, path, all, { only: ['source'] })[0]?.edit);
    const thrice = applyEdit(twice, codeActions(twice, path, all, { only: ['source'] })[0]?.edit);
    assert.equal(
      thrice.files.get(path)?.text,
      `name: "5"
steps:
  a: { uses: http/request, with: { url: https://a.example } }
  b:
    timeout: 5m
    foreach: { items: [1], on-item-failure: fail }
    uses: http/request
    with: { url: "\${{ steps.a.output.body }}" }
`,
    );
    assert.deepEqual(findings(thrice), []);
    assert.deepEqual(codeActions(thrice, path, all, { only: ['source'] }), []);
  });

  /** Each with what it becomes, or undefined if it stays as it is. */
  const mistakes: readonly (readonly [string, string, string | undefined])[] = [
    ['timeout: 5m', 'timeout: 5 Minutes', 'timeout: 5m'],
    ['timeout: 5m', 'Timeout: 5m', 'timeout: 5m'],
    ['timeout: 5m', 'timeout: 1M', undefined],
    ['timeout: 5m', 'timeout: 5', undefined],
    ['timeout: 5m', 'tiemout: 5m', undefined],
    ['rate: 60/min', 'rate: 60/minute', 'rate: 60/min'],
    ['rate: 60/min', 'rate: 60/m', undefined],
    ['rate: 60/min', 'rate: 60', undefined],
    ['method: GET', 'method: get', 'method: GET'],
    ['method: GET', 'method: GETT', undefined],
    ['{ who: "${{ inputs.who }}" }', '{ who: ${{ inputs.who }} }', '{ who: "${{ inputs.who }}" }'],
    ['{ who: "${{ inputs.who }}" }', '{ who: \u201C${{ inputs.who }}\u201D }', '{ who: "${{ inputs.who }}" }'],
    ['name: "7"', 'name: 7', 'name: "7"'],
    ['inputs.who', 'inputs.whom', undefined],
    ['inputs.who', 'inputs.Who', undefined],
    ['row.total', 'inv.total', undefined],
    ['queue: work', 'queue: wrok', undefined],
    ['queue: work', 'queue: Work', undefined],
    ['on-item-failure: fail', 'on-item-failure: fial', undefined],
    ['on-item-failure: fail', 'onItemFailure: fail', 'on-item-failure: fail'],
    [', on-item-failure: fail', '', undefined],
    ['tolerate: 5%', 'tolerate: 0.05', undefined],
    ['uses: http/request', 'uses: http/reqest', undefined],
    ['    with:', '    zzz: 1\n    with:', undefined],
  ];
  const right = 'name: "7"\ninputs:\n  who: { type: string }\nqueues:\n  work: { rate: 60/min }\nsteps:\n  one:\n    queue: work\n    timeout: 5m\n    foreach: { items: [{ total: 1 }], as: row, on-item-failure: fail, tolerate: 5% }\n    uses: http/request\n    with:\n      method: GET\n      url: https://a.example/${{ row.total }}\n      query: { who: "${{ inputs.who }}" }\n';
  const fixedAll = (text: string): string => {
    const project = projectOf({ text });
    return applyEdit(project, codeActions(project, path, all, { only: [fixAllKind] })[0]?.edit).files.get(path)?.text ?? '';
  };

  for (const [from, to, becomes] of mistakes) {
    it(becomes === undefined ? `leaves ${JSON.stringify(to)} to a person` : `fixes ${to}`, () => {
      const wrong = right.replace(from, to);
      assert.notEqual(wrong, right);
      assert.ok(findings(projectOf({ text: wrong })).length > 0, 'nothing is wrong');
      assert.equal(fixedAll(wrong), becomes === undefined ? wrong : right);
    });
  }

  it('touches nothing but what is wrong, however much of it there is', () => {
    // One of those that touch the same words, or of which one can't be seen behind the other: of an action that isn't known, no input is.
    const topicOf = ([from]: (typeof mistakes)[number]): string => ['inputs.who', 'on-item-failure', 'uses|method'].find((topic) => topic.split('|').some((word) => from.includes(word))) ?? from;
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom(...mistakes), { minLength: 1, maxLength: 6, selector: topicOf }), (made) => {
        const spoilt = (isMade: (becomes: string | undefined) => boolean): string => made.filter(([, , becomes]) => isMade(becomes)).reduce((text, [from, to]) => text.replace(from, to), right);
        const wrong = spoilt(() => true);
        // Twice, because behind a syntax error nothing is looked at.
        assert.equal(fixedAll(fixedAll(wrong)), spoilt((becomes) => becomes === undefined), wrong);
      }),
      { numRuns: 100 },
    );
  });

  it('offers one by one what may have been meant, what is nearest by its place first', () => {
    const titles = (text: string, at: string): readonly string[] => {
      const start = text.indexOf(at);
      return codeActions(projectOf({ text }), path, { start, end: start + 1 }).map(({ title }) => title);
    };
    const each = (as: string, where: string): string => `inputs:\n  inventory: { type: array }\nsteps:\n  one:\n    foreach: { items: "\${{ inputs.inventory }}", as: ${as}, on-item-failure: fail }\n${where}    uses: http/request\n    with: { url: "https://a.example/\${{ ${as}.id }}" }\n`;
    const url = each('invoice', '').replace('${{ invoice.id }}', '${{ inv.total }}');
    assert.deepEqual(titles(url, 'inv.total'), ["Change to 'invoice'", "Change to 'env'"]);
    assert.deepEqual(titles(each('inv', '    if: ${{ inv.total > 5 }}\n'), 'inv.total > 5'), [], 'the condition is about all of them');
    assert.deepEqual(titles(right.replace('5m', '1M'), '1M'), ["Change to '1m'", "Change to '30d'"]);
    for (const text of [url, right.replace('5m', '1M')]) assert.equal(codeActions(projectOf({ text }), path, all).filter(({ isPreferred }) => isPreferred === true).length, 0);
  });

  it('leaves to a person what only a person can know', () => {
    const project = projectOf({ text: withStep('    foreach: { items: [1] }\n    timeout: 30\n    queue: erp\n') });
    assert.ok(codeActions(project, path, all).length > 3, 'a control');
    assert.deepEqual(codeActions(project, path, all, { only: ['source'] }), []);
  });
});
