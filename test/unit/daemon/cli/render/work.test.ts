import assert from 'node:assert/strict';
import { renderJob, renderJobs } from '../../../../../daemon/cli/render/jobs.ts';
import { renderBulk, renderReplayed, renderTally } from '../../../../../daemon/cli/render/bulk.ts';
import { renderDeadGroups, renderDeadLetters } from '../../../../../daemon/cli/render/dead-letters.ts';
import { type ProgressSample, progressOf, renderProgress, renderRun, renderRuns } from '../../../../../daemon/cli/render/runs.ts';
import { bulk, job, jobDetail, pipe, run, step, terminal80, minutesAgo } from '../protocol-samples.ts';

const all = { more: false, filtered: false };

describe('renderJobs', () => {
  it('shows a row for each', () => {
    assert.equal(
      renderJobs([job(), job({ id: 'j41', state: 'delayed', endedAt: undefined, dueAt: minutesAgo(-5), key: undefined, error: undefined } as never)], all, pipe),
      [
        'JOB  STATE    QUEUE  RUN  STEP  KEY     TRIES  WHEN       ERROR',
        'j40  dead     erp    r12  book  deal-7      5  3m ago     503 Service Unavailable',
        'j41  delayed  erp    r12  book  #6          5  due in 5m',
      ].join('\n'),
    );
  });

  it('says when there are more, and what to do if there is none', () => {
    assert.match(renderJobs([job()], { more: true, filtered: false }, pipe), /These are the first 1; --limit shows more\.$/);
    assert.match(renderJobs([], all, pipe), /sluice run WORKFLOW/);
    assert.match(renderJobs([], { more: false, filtered: true }, pipe), /^No job is like that/);
  });

  it('fits 80 columns', () => {
    const long = job({ queue: 'a-queue-with-a-long-name', step: 'a_step_with_a_long_name', key: 'k'.repeat(300) });
    for (const line of renderJobs([long], all, terminal80).split('\n')) assert.ok(line.length <= 80, line);
  });
});

describe('renderDeadLetters', () => {
  it('ends with what can be done', () => {
    const lines = renderDeadLetters([job()], all, pipe).split('\n');
    assert.equal(lines[1], 'j40  erp    r12  book  deal-7      5  3m ago  503 Service Unavailable');
    assert.deepEqual(lines.slice(3), [
      'Look at one:  sluice job j40',
      'Try again:    sluice dead replay j40   (--edit FILE changes its payload, --all takes all)',
      'Give up:      sluice dead discard j40',
    ]);
  });

  it('marks those with a saved edit, and counts what failed alike', () => {
    const draft = { revision: 2, savedAt: minutesAgo(2), savedBy: 'ada' };
    const alike = { queue: 'erp', uses: 'http/request', newestAt: minutesAgo(3), newest: 'j40', oldestAt: minutesAgo(9) };
    const groups = [
      { ...alike, group: 'http/request: 422: a', title: '422: a', count: 2 },
      { ...alike, group: 'http/request: 503', title: '503', count: 57, edited: 1 },
    ];
    const text = renderDeadLetters([job({ id: 'j41' }), job({ draft })], { ...all, groups: { groups, others: 3 } }, pipe);
    assert.match(text, /^JOB .* DIED +EDITED +ERROR\nj41 .* 3m ago +- +503.*\nj40 .* 3m ago +2m ago +503/);
    assert.match(text, /COUNT +QUEUE +WHAT FAILED\n +57 +erp +503 \(1 edited\)\n +2 +erp +422: a\nand 3 of others: sluice dead groups\n/);
    assert.match(text, /^Edited: +a replay sends the saved edit; sluice job j40 shows it, --original leaves it out$/m);
    assert.match(renderDeadGroups(groups, 0, pipe), /^COUNT +EDITED +QUEUE +NEWEST +GROUP\n +2 +erp +3m ago +http\/request: 422: a\n +57 +1 +erp/);
  });

  it('says when the last of bulk work is due only while one of it waits, and counts apart what was taken back', () => {
    const tally = { succeeded: 1, dead: 9, active: 0, retrying: 0, waiting: 0, cancelled: 0, discarded: 0 };
    const work = bulk({ state: 'done', done: 10, total: 10, rate: '2/min', lastDueAt: minutesAgo(-2) });
    const due = /^At 2\/min, the last of them is due at 2026-/m;
    assert.match(renderBulk(work, { ...tally, dead: 3, waiting: 6 }, pipe), due);
    assert.match(renderBulk(work, undefined, pipe), due);
    assert.doesNotMatch(renderBulk(work, tally, pipe), due);
    assert.doesNotMatch(renderBulk({ ...work, lastDueAt: minutesAgo(1) }, undefined, pipe), due);
    assert.doesNotMatch(renderBulk({ ...work, state: 'taking-back' }, undefined, pipe), due);
    assert.match(renderBulk({ ...work, state: 'cancelled', takenBack: 6 }, undefined, pipe), /^b3 {2}cancelled {2}10 of 10 jobs replayed; 6 taken back\.$/);
    assert.match(renderBulk({ ...work, takenBack: 0 }, { ...tally, takenBack: 6 }, pipe), /\nOf those that were replayed: 1 succeeded, 3 dead again, 6 taken back unsent\.$/, 'by `sluice cancel`');
    assert.match(renderBulk({ ...work, state: 'cancelled', takenBack: 6 }, tally, pipe), /^b3 .* replayed\.\nOf those that were replayed: 1 succeeded, 3 dead again, 6 taken back unsent\.$/);
  });

  it('says what was really sent, when the last is due, and what became of them', () => {
    assert.match(renderReplayed({ replayed: 60, edited: 3 }, pipe), /^60 dead letters went back to their queues, 3 of them with their edited payloads\. `sluice queues` shows the progress\.$/);
    assert.match(renderReplayed({ replayed: 1, edited: 1 }, pipe), /^1 dead letter went back to its queue with its edited payload\. /);
    const lastDueAt = minutesAgo(-6);
    assert.equal(renderReplayed({ replayed: 60, edited: 0, lastDueAt }, pipe), '60 dead letters went back to their queues. They are due one by one, the last at 2026-11-24 10:06:00 (in 6m).');
    const tally = { succeeded: 14, dead: 2, active: 0, retrying: 0, waiting: 44, cancelled: 0, discarded: 0, lastDueAt };
    assert.equal(renderTally(tally, pipe), '14 succeeded, 2 dead again, 44 waiting, the last due at 2026-11-24 10:06:00');
  });

  it('is glad if there is none', () => {
    assert.match(renderDeadLetters([], all, pipe), /nothing needs you/);
  });
});

describe('renderJob', () => {
  it('shows an edit that was saved beside the payload that was sent, and what the next replay does', () => {
    const { revisions } = jobDetail();
    const text = renderJob(
      jobDetail({ draft: { revision: 3, savedAt: minutesAgo(2), savedBy: 'ada' }, revisions: [...revisions, { revision: 3, createdAt: minutesAgo(2), payload: { url: 'http://b' }, idempotencyKey: 'k', draft: true }] }),
      pipe,
    );
    assert.match(text, /^Payload\n[^]*^Saved edit \(revision 3, saved 2m ago by ada, not sent yet\)\n +\{\n +"url": "http:\/\/b"/m);
    assert.match(text, /sluice dead replay j40 +sends the saved edit\n +sluice dead replay j40 --original +sends the payload as it was\n +sluice dead drop-edit j40/);
  });

  it('shows all there is about it', () => {
    assert.equal(
      renderJob(jobDetail(), pipe),
      `j40  dead

  run              r12 of deal
  step             book (http/request)
  key              deal-7
  queue            erp, priority 5
  created          2026-11-24 06:40:00 (3h ago)
  ended            2026-11-24 09:57:00 (3m ago)
  idempotency key  sluice-j40-1

Payload
  {
    "url": "https://erp.example.com/deals",
    "json": {
      "id": 7
    }
  }

Attempts
  #  ROUND  STATE   STARTED               TOOK  ERROR
  1      1  failed  2026-11-24 09:50:00  120ms  The server answered 503 Service Unavailable.
  2      1  failed  2026-11-24 09:57:00   1.5s  The server answered 503 Service Unavailable.

Error
  The server answered 503 Service Unavailable.

What to do next
  sluice dead replay j40                      once the cause (503 Service Unavailable) is gone
  sluice dead replay j40 --edit payload.json  with another payload
  sluice dead discard j40                     to give it up`,
    );
  });

  it('tells the warning of one that succeeded', () => {
    const warning = '1 of 3 recipients was refused for good: gone@example.com (550 5.1.1 No such user).';
    const { error: _, ...succeeded } = jobDetail({ state: 'succeeded', warning });
    assert.match(renderJob(succeeded, pipe), /^Warning\n {2}1 of 3 recipients was refused for good: gone@example\.com/m);
  });

  it('says of one that waited for a run that failed where to replay', () => {
    const text = renderJob(jobDetail({ state: 'dead', error: { kind: 'run', cause: 'run failed', message: 'The run r13 of child failed.' } }), pipe);
    assert.match(text, /^ {2}sluice runs --parent r12 --state failed {2}shows the child run: replay its dead letters, and this job continues$/m);
    assert.match(text, /^ {2}sluice dead replay j\d+ +starts another child run$/m);
  });

  it('says why it was discarded, in one line', () => {
    assert.match(renderJob(jobDetail({ state: 'discarded', discardReason: 'made\nby hand' }), pipe), /^  reason {2,}made by hand$/m);
    assert.doesNotMatch(renderJob(jobDetail({ state: 'discarded' }), pipe), /reason/);
  });

  it('cuts a payload that fills the screen, and says where all of it is', () => {
    assert.match(renderJob(jobDetail({ payload: 'x'.repeat(10_000) }), pipe), /… \(10,002 characters; --json has all of it\)/);
  });
});

describe('renderRun', () => {
  it('tells what a run that succeeded may hide: items left out, and jobs to look at', () => {
    const text = renderRun(run({ state: 'succeeded', duplicates: 990, warnings: 2, steps: [step({ id: 'send', state: 'succeeded', duplicates: 990, warnings: 2 })] }), pipe);
    assert.match(text, /^ {2}jobs +1,000 jobs, 998 succeeded, 2 dead, 990 duplicates left out$/m);
    assert.match(text, /^Notes\n {2}send: 990 items were left out, because an earlier item has the same key\. Is `foreach\.key` different for each item\?$/m);
    assert.match(text, /^ {2}send: 2 jobs succeeded with a warning; `sluice jobs --run r12 --where 'warning != ""'` lists them\.$/m);
    assert.doesNotMatch(renderRun(run(), pipe), /Notes/);
  });

  it('shows steps with counts, the error, and what to do next', () => {
    assert.equal(
      renderRun(run(), pipe),
      `r12  failed

  workflow  deal, version 0123456789ab
  started   2026-11-24 09:50:00 (10m ago)
  took      7m
  jobs      1,000 jobs, 998 succeeded, 2 dead
  inputs    { "region": "eu" }

STEP  STATE   QUEUE   JOBS  OPEN  SUCCEEDED  DEAD  TOOK
book  failed  erp    1,000     0        998     2    7m

Error
  book: 2 of 1,000 items died, more than \`tolerate\` allows.

What to do next
  sluice dead list --run r12          what died, and of what
  sluice dead replay --all --run r12  try it again once the cause is gone`,
    );
  });

  it('that failed with its child runs says where to replay, and what else a replay does', () => {
    const text = renderRun(run({ children: { total: 3, running: 0, succeeded: 2, failed: 1, cancelled: 0 } }), pipe);
    assert.match(text, /runs --parent r12 --state failed {2}which child runs failed; replay their dead letters, and this run continues$/m);
    assert.match(text, /dead replay --all --run r12 {2}try it again once the cause is gone; this starts other child runs$/m);
  });

  it('fits 80 columns', () => {
    const text = renderRun(run({ steps: [step({ id: 'a_step_with_a_very_long_name_indeed', queue: 'a-queue-with-a-long-name' })] }), terminal80);
    const table = text.slice(text.indexOf('STEP'), text.indexOf('Error'));
    for (const line of table.split('\n')) assert.ok(line.length <= 80, line);
  });

  it('says who has answered, and when', () => {
    const answers = [{ signal: 'approve', by: 'the link of j12', at: minutesAgo(5) }, { signal: 'budget', by: 'ada\u0007', at: minutesAgo(3) }];
    assert.match(renderRun(run({ answers }), pipe), /^Answers\n {2}approve: by the link of j12, \S.* \(5m ago\)\n {2}budget: by ada\S*, \S.* \(3m ago\)$/m);
    assert.doesNotMatch(renderRun(run(), pipe), /Answers/);
  });

  it('counts child runs under their run, and lists a few of those that it waits for', () => {
    const children = { total: 20_000, running: 120, succeeded: 19_877, failed: 3, cancelled: 0 };
    const waits = [{ job: 'j9', step: 'approve', kind: 'signal' as const, signal: 'ok' }, ...Array.from({ length: 19 }, (_, n) => n).map((n) => ({ job: `j${n + 10}`, step: 'each', kind: 'run' as const, run: `r${n + 20}` }))];
    const text = renderRun(run({ state: 'running', children, waits }), pipe);
    assert.match(text, /^ {2}child runs {2}20,000: 3 failed, 120 running, 19,877 succeeded$/m);
    assert.match(text, /^Waits\n {2}approve \(j9\) waits for the answer 'ok'\n {2}each \(j10\) waits for the run r20\n.*\n.* r22\n {2}and 117 more runs$/m);
    assert.match(text, /^ {2}sluice runs --parent r12 --state failed {2}which child runs failed; replay their dead letters, and this run continues$/m);
    assert.match(renderRun(run({ state: 'running', waits: waits.slice(1, 6) }), pipe), /r22\n {2}and 2 more runs$/m);
    assert.match(renderRun(run({ trigger: { kind: 'workflow', run: 'r1', job: 'j5', key: 'ana' } }), pipe), /, by the run r1 \(j5, ana\)$/m);
    assert.match(renderRuns([run({ children })], all, pipe), / CHILD RUNS +ERROR\nr12 .* 20,000: 3 failed, 120 running, 19,877 succeeded +2 of/);
    assert.match(renderRuns([run({ trigger: { kind: 'workflow', run: 'r1', job: 'j5', key: 'ana' } })], all, pipe), /^RUN +WORKFLOW +STATE +KEY +BY .*\nr12 +deal +failed +ana +r1 /);
    assert.match(renderRuns([run({ children: { total: 1, running: 0, succeeded: 1, failed: 0, cancelled: 0 } })], all, pipe), / 1: all succeeded /);
  });

  it('lists runs, newest first, and what to do if there is none', () => {
    assert.match(renderRuns([run()], all, pipe), /^r12 {2}deal {6}failed {2}hand {2}10m ago {4}7m {2}1,000 {5}0 {5}2 {2}2 of 1,000 items died\.$/m);
    assert.match(renderRuns([], all, pipe), /sluice run WORKFLOW/);
  });
});

describe('renderProgress', () => {
  const sample = (fields: Partial<ProgressSample>): ProgressSample => ({ atMs: 0, total: 1000, done: 0, dead: 0, growing: false, ...fields });

  it('says how many are done, how fast, how many died, and how long it takes', () => {
    assert.equal(renderProgress([sample({}), sample({ atMs: 10_000, done: 200, dead: 3 })]), '200/1,000 jobs, 20/s, 3 dead, 40s left');
    assert.equal(renderProgress([sample({}), sample({ atMs: 60_000, done: 1 }), sample({ atMs: 90_000, done: 6 })]), '6/1,000 jobs, 10/min, 1h left');
  });

  it('promises nothing that it does not know', () => {
    assert.equal(renderProgress([sample({ done: 5, growing: true })]), '5/1,000+ jobs');
    assert.equal(renderProgress([]), '');
  });

  it('counts what can still grow', () => {
    assert.equal(progressOf(run({ steps: [step({ state: 'running', expanded: false })] }), 0).growing, true);
    assert.equal(progressOf(run(), 0).growing, false);
    assert.equal(progressOf(run({ jobs: { total: 10, open: 4, succeeded: 5, dead: 1, cancelled: 0, discarded: 0 } }), 0).done, 6);
  });
});
