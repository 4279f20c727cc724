import assert from 'node:assert/strict';
import * as l10n from '@vscode/l10n';
import { crashText, lastStopText } from '../../../../extension/wording/daemon.ts';
import { jobDescription, jobFacts, oneOutcomeText, outcomeText } from '../../../../extension/wording/job.ts';
import { ageAt, useLanguage } from '../../../../extension/wording/language.ts';
import { alertText, forecastCauseText, forecastText, queueFacts, queueLens } from '../../../../extension/wording/queue.ts';
import { runFacts, runLens, stepFailureText } from '../../../../extension/wording/run.ts';
import { clientFaultText, inWords, messageOf } from '../../../../extension/wording/client-fault-text.ts';
import { stateText, stateTitle } from '../../../../extension/wording/state-look.ts';
import { emptyTally } from '../../../../extension/selection/replay-watch.ts';
import { CodedError } from '../../../../schemas/protocol/error.ts';
import { message } from '../../../../schemas/wording/message.ts';
import { told } from '../../../../schemas/wording/told.ts';
import { alertKinds } from '../../../../schemas/protocol/queue.ts';
import { attemptStates, jobStates, runStates, stepStates } from '../../../../schemas/protocol/id.ts';
import { bracketTranslations, outsideBrackets } from '../../../support/bracket-language.ts';
import { alert, job, minutesAgo, now, queue, run, step } from '../../daemon/cli/protocol-samples.ts';

describe('in a language of which there are translations, the editor tells', () => {
  before(() => {
    l10n.config({ contents: { ...bracketTranslations() } });
    useLanguage('pl');
  });

  after(() => {
    l10n.config({ contents: {} });
    useLanguage('en');
  });

  /** Signs between the labels of a list are not text. */
  const untranslated = (texts: readonly (string | undefined)[]): readonly string[] => texts.flatMap((text) => (text === undefined || (text.includes('[') && outsideBrackets(text).replace(/[\s·,:]/g, '') === '') ? [] : [text]));

  it('forecasts, alerts and holds', () => {
    const forecasts = [{ state: 'idle' }, { state: 'draining', drainMs: 7_200_000, limitedBy: 'rate' }, { state: 'growing', growthPerMinute: 12 }, { state: 'stalled', reason: 'held', until: minutesAgo(-5) }, { state: 'stalled', reason: 'nothing-completes' }] as const;
    assert.deepEqual(untranslated(forecasts.flatMap((forecast) => [forecastText(forecast), forecastCauseText(forecast, now)])), []);
    assert.deepEqual(untranslated(alertKinds.flatMap((kind) => [alertText('erp', alert({ kind }), now), alertText('erp', alert({ kind, value: 0, peak: { value: 9, at: minutesAgo(3) }, endsAt: minutesAgo(-1) }), now)])), []);
    const held = queue({ heldUntil: minutesAgo(-30), heldBy: { job: 'j7', cause: '429 Too Many Requests', at: minutesAgo(1) }, undeclared: { reason: 'gone', files: [] } });
    const told = new Map(queueFacts(held, now));
    assert.deepEqual(untranslated(['[Held back]', '[Limits]'].map((name) => told.get(name) ?? `no fact ${name}`)), []);
    assert.deepEqual(untranslated([queueLens(held, now, () => '14:52')]), []);
  });

  it('crashes, stops and what became of a replay', () => {
    assert.deepEqual(
      untranslated([
        crashText('shop', { aliveAt: minutesAgo(1), interrupted: 7, jobs: ['j1'] }),
        lastStopText({ at: minutesAgo(1), waiting: 2, dead: 3 }, 'shop'),
        outcomeText({ ...emptyTally, succeeded: 14, dead: 2, waiting: 44, lastDueAt: minutesAgo(-5) }, now),
        oneOutcomeText({ ...emptyTally, dead: 1, error: { kind: 'status', cause: '422', message: 'It answered.' } }),
        clientFaultText({ kind: 'silent', pid: 7 }),
      ]),
      [],
    );
  });

  it('why a job and a run have failed, and nothing of what an earlier version stored (control)', () => {
    const error = { kind: 'network', cause: 'ECONNREFUSED', ...told(message('No complete answer came from {peer}: {problem}.', { peer: 'erp:443', problem: 'connect ECONNREFUSED' })) };
    const factOf = (facts: readonly (readonly [string, string])[]): string | undefined => new Map(facts).get('[Error]');
    assert.equal(factOf(jobFacts(job({ error }), ageAt(now))), '[No complete answer came from erp:443: connect ECONNREFUSED.]');
    assert.equal(factOf(runFacts(run({ error: { step: 'book', message: error.message, wording: error.wording } }), (time) => time)), 'book: [No complete answer came from erp:443: connect ECONNREFUSED.]');
    assert.match(stepFailureText('r12', step({ error })) ?? '', /\[No complete answer came from erp:443/);
    const { wording: _wording, ...older } = error;
    assert.equal(factOf(jobFacts(job({ error: older }), ageAt(now))), error.message);
  });

  it('what the daemon refuses, and nothing of what has no wording (control)', async () => {
    const error = new CodedError('queue-full', message('{count, plural, one {The queue {queue} is full: # job waits, and its max-depth is {maxDepth}.} other {The queue {queue} is full: # jobs wait, and its max-depth is {maxDepth}.}}', { count: 3, queue: 'erp', maxDepth: 3 }));
    assert.equal(messageOf(error), '[The queue erp is full: 3 jobs wait, and its max-depth is 3.]');
    assert.equal(error.message, 'The queue erp is full: 3 jobs wait, and its max-depth is 3.');
    await assert.rejects(inWords(Promise.reject(error)), { message: messageOf(error) });
    assert.equal(messageOf(new CodedError('queue-full', 'The queue erp is full.')), 'The queue erp is full.');
  });

  it('states, and names of facts', () => {
    const states = [...jobStates, ...stepStates, ...runStates, ...attemptStates];
    assert.deepEqual(untranslated([...states.map(stateText), ...states.map(stateTitle)]), []);
    const facts = [...queueFacts(queue(), now), ...jobFacts(job(), ageAt(now)), ...runFacts(run(), (time) => time)];
    assert.deepEqual(untranslated(facts.map(([name]) => name)), []);
    assert.deepEqual(untranslated([runLens(run(), now), stepFailureText('r12', step())]), []);
  });

  it('with what came from outside beside it, which is in no language (control)', () => {
    assert.deepEqual(untranslated([jobDescription(job(), now)]).length, 1);
  });
});
