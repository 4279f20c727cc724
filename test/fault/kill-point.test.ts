import assert from 'node:assert/strict';
import { DaemonEndedError, type DaemonProcess } from '../support/daemon-process.ts';
import { HttpSink } from '../support/http-sink.ts';
import { assertSound, detailsOf, FaultProject, jobsOf, runsAtRest } from './fault-project.ts';
import { killCosts, KillEpochs } from './kill-epochs.ts';
import { brokenPromises } from './kill-oracle.ts';
import { isGone, Stir, stirFiles } from './stir.ts';

/** Those that a daemon under load doesn't come to; the others are kill-test.ts's. */
const operations = ['promote', 'failFanOut', 'replay', 'discard', 'setQueue', 'cancelJob', 'cancelRun', 'cascade'];
const whileStirred = [
  ...operations.flatMap((name) => [`${name}-before-commit`, `${name}-after-commit`]),
  'copy-before-rename',
  'copy-after-rename',
];
const whileStopping = ['stop-before-drain', 'stop-after-drain'];

/** Two queues of five. */
const mostInFlight = 10;

describe('kill -9 at a named place', () => {
  const stir = new Stir();
  const sink = new HttpSink({ respond: stir.respond });
  const epochs = new KillEpochs(sink);
  let project: FaultProject;

  before(async () => {
    const { url } = await sink.start();
    project = await FaultProject.make(stirFiles(url));
  });
  after(async () => {
    await project.dispose();
    await sink.stop();
  });

  /** What it does until it dies. */
  const die = async (failPoint: string, work: (daemon: DaemonProcess) => Promise<void>): Promise<void> => {
    epochs.begin();
    const daemon = project.launch({ failPoint });
    try {
      await daemon.ready();
      await work(daemon);
    } catch (error) {
      if (!isGone(error) && !(error instanceof DaemonEndedError)) throw error;
    }
    const end = await daemon.end();
    await daemon.dispose();
    await epochs.end(failPoint);
    assert.deepEqual(end, { code: null, signal: 'SIGKILL' }, `${failPoint} was never come to: ${daemon.words}`);
  };

  for (const failPoint of whileStirred) {
    it(failPoint, () => die(failPoint, (daemon) => stir.stir(daemon.client)));
  }
  for (const failPoint of whileStopping) {
    it(failPoint, () =>
      die(failPoint, async (daemon) => {
        await stir.stir(daemon.client);
        await stir.hang(daemon.client);
        daemon.signal('SIGTERM');
      }),
    );
  }

  it('breaks no promise', async () => {
    stir.answer();
    epochs.begin();
    const daemon = await project.start();
    const { client } = daemon;
    await client.call('queue/resume', { queue: 'held' });
    const runs = await runsAtRest(client);
    const jobs = await detailsOf(client, await jobsOf(client));
    assert.deepEqual(brokenPromises({ requests: sink.requests, jobs, runs, accepted: stir.accepted }), []);
    assert.deepEqual(await stir.broken(client), []);
    await assertSound(client);
    assert.deepEqual(await daemon.stop(), { code: 0, signal: null });
    await epochs.end('stop');
    const overBound = killCosts(epochs.epochs, jobs).filter(({ inFlight, received, duplicates }) => received > mostInFlight || received > inFlight || duplicates > received);
    assert.deepEqual(overBound, []);
  });
});
