import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { DaemonClient } from '../../client/daemon-client.ts';
import { HttpSink } from '../support/http-sink.ts';
import { CommandLine, type CommandResult } from '../unit/daemon/cli/command-line.ts';
import { deliverWorkflow } from './deliver-workflow.ts';
import { assertSound, FaultProject, jobsOf, runsAtRest } from './fault-project.ts';
import { seededRandom } from './seeded-random.ts';

const items = Array.from({ length: 300 }, (_, index) => `item-${String(index).padStart(3, '0')}`);
const concurrency = 2;
const sentFirst = 10;
const pageBytes = 4096;

describe('sluice state salvage', () => {
  let sink: HttpSink;
  let project: FaultProject;

  beforeEach(async () => {
    sink = new HttpSink();
    const { url } = await sink.start();
    project = await FaultProject.make({ 'workflows/deliver.yaml': deliverWorkflow(url, { concurrency, onItemFailure: 'continue', padding: 400 }) });
  });
  afterEach(async () => {
    await project.dispose();
    await sink.stop();
  });

  const salvage = (): Promise<CommandResult> => new CommandLine(['state', 'salvage'], { cwd: project.folder, input: '' }).result;
  const sent = (): string[] => sink.requests.map(({ body = '' }) => (JSON.parse(body) as { readonly item: string }).item);
  const asideFolder = (): string => path.join(project.folder, '.sluice', readdirSync(path.join(project.folder, '.sluice')).find((name) => name.startsWith('state.')) ?? 'none');

  /** Ten were sent, two are under way, the others wait; then the daemon dies. */
  const live = async (): Promise<void> => {
    sink.respond = ({ index }) => (index < sentFirst ? {} : 'hang');
    const daemon = await project.start();
    await daemon.client.call('run/start', { workflow: 'deliver', inputs: { items } });
    await sink.received(sentFirst + concurrency);
    await daemon.kill();
    sink.respond = () => ({});
  };

  /** The log goes into the store, so that damage can be done to that. */
  const fold = (): void => {
    const db = new DatabaseSync(project.storeFile);
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    db.close();
  };

  /** Nothing is sent before a person lets it go. */
  const assertWaits = async (client: DaemonClient): Promise<void> => {
    await assertSound(client);
    const { queues } = await client.call('daemon/status', {});
    assert.ok(queues.every(({ paused, depth }) => paused || depth.pending === 0));
    assert.equal(sink.requests.length, sentFirst + concurrency);
  };

  it('saves what can be read around damaged pages, names what is lost and what may have been sent, and sends nothing by itself', async () => {
    await live();
    fold();
    const bytes = readFileSync(project.storeFile);
    const random = seededRandom(7);
    // Pages of payloads, in the middle and at the end.
    for (const item of ['item-150', 'item-299']) {
      const page = Math.floor(bytes.lastIndexOf(`"item":"${item}"`) / pageBytes);
      assert.ok(page > 0);
      for (let at = page * pageBytes; at < (page + 1) * pageBytes; at++) bytes[at] = random() * 256;
    }
    writeFileSync(project.storeFile, bytes);

    const { code, stdout } = await salvage();
    assert.equal(code, 0);
    const said = stdout.replaceAll(/\s+/g, ' ');
    assert.match(said, /Saved: 1 run and 300 jobs/);
    assert.match(said, /tables can't be read: payloads/);
    const lost = Number(/(\d+) jobs can't be read: they become dead letters/.exec(said)?.[1]);
    assert.ok(lost >= 2 && lost < 60, said);
    assert.match(said, /jobs were under way and may have been sent: j\d+, j\d+/);
    assert.match(said, /All queues are paused/);
    assert.ok(readFileSync(path.join(asideFolder(), 'store.db')).equals(bytes), 'the old file was changed');

    const { client } = await project.start();
    await assertWaits(client);
    const dead = await jobsOf(client, { state: 'dead' });
    assert.equal(dead.length, lost);
    for (const { error } of dead) assert.equal(error?.cause, 'lost by damage');
    await client.call('queue/resume', { queue: 'hooks' });
    await runsAtRest(client);
    await assertSound(client);
    const lostItems = items.length - new Set(sent()).size;
    assert.equal(lostItems, lost, 'all but those that are lost were sent');
    assert.ok(sink.requests.length <= items.length - lost + concurrency, 'twice at most what was under way');
  });

  it('saves what the log holds where store.db itself is gone', async () => {
    await live();
    rmSync(project.storeFile);
    const refused = project.launch();
    assert.equal((await refused.end()).code, 1);
    assert.match(refused.words, /store\.db is missing.*sluice state salvage/);
    const { code, stdout } = await salvage();
    assert.equal(code, 0, stdout);
    assert.match(stdout.replaceAll(/\s+/g, ' '), /Saved: 1 run and 300 jobs/);
    const { client } = await project.start();
    await assertWaits(client);
    await client.call('queue/resume', { queue: 'hooks' });
    await runsAtRest(client);
    assert.equal(new Set(sent()).size, items.length);
    assert.ok(sink.requests.length <= items.length + concurrency);
  });

  it('says so where nothing can be read, and changes nothing', async () => {
    await live();
    fold();
    const random = seededRandom(1);
    const rubbish = Buffer.from(Array.from({ length: 20_000 }, () => random() * 256));
    writeFileSync(project.storeFile, rubbish);
    const { code, stderr } = await salvage();
    assert.notEqual(code, 0);
    assert.match(stderr.replaceAll(/\s+/g, ' '), /Nothing can be read of .*store\.db.*Nothing was changed/);
    assert.ok(readFileSync(project.storeFile).equals(rubbish));
    assert.deepEqual(readdirSync(project.stateFolder).filter((name) => name.startsWith('salvage.')), []);
  });
});
