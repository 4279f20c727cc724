import assert from 'node:assert/strict';
import type { AlertMute, AlertTest } from '../../../schemas/protocol/alert.ts';
import { HttpSink } from '../../support/http-sink.ts';
import { RealProject } from './real-project.ts';

describe('sluice alerts, against a real daemon', () => {
  let project: RealProject;
  const chat = new HttpSink({ respond: () => ({ body: 'ok' }) });

  before(async () => {
    project = await RealProject.make();
    await project.type('up');
  });
  after(async () => {
    await project.remove();
    await chat.stop();
  });

  it('says that nobody is told, and a test of that fails', async () => {
    assert.match((await project.type('alerts')).stdout, /^No threshold is crossed\.\n\nNobody is told: /);
    const { code, stdout } = await project.type('alerts test');
    assert.deepEqual([code, stdout], [1, 'Nobody is told of alerts: `alerts` in .sluice/config.yaml names no receiver.\n']);
    assert.equal((await project.type('alerts tset')).code, 2);
  });

  it('sends a test as soon as the file names a receiver, and says what it answered', async () => {
    const { url } = await chat.start();
    await project.write('.sluice/config.yaml', `alerts:\n  - { webhook: "${url}/hook", format: slack }\n`);
    const { code, stdout } = await project.type('alerts test');
    assert.equal(code, 0);
    assert.match(stdout, /^127\.0\.0\.1:\d+ was told: it answered 200 ok after \S+\.\n$/);
    const [test] = await project.json<AlertTest[]>('alerts test');
    assert.equal(test?.ok, true);
    assert.match(chat.requests[0]?.body ?? '', /^\{"text":"\*Test from /);
    chat.respond = () => ({ status: 403, body: 'invalid_token' });
    const refused = await project.type('alerts test');
    assert.equal(refused.code, 1);
    assert.match(refused.stdout, /was not told\. 127\.0\.0\.1:\d+ answered 403 Forbidden\. invalid_token$/m);
  });

  it('mutes a queue for a while, over a restart, and refuses what is none', async () => {
    const mute = await project.json<AlertMute>('alerts mute erp --for 2h');
    assert.equal(Date.parse(mute.until ?? '') - Date.parse(mute.since), 2 * 3_600_000);
    await project.type('restart');
    assert.match((await project.type('alerts')).stdout, /Nobody is told of alerts of erp until .*: sluice alerts unmute erp/);
    assert.equal((await project.type('alerts unmute erp')).stdout, 'Alerts of erp are told again.\n');
    assert.equal((await project.type('alerts unmute erp')).stdout, 'erp was not muted.\n');
    assert.match((await project.type('alerts mute epr')).stderr, /There is no queue epr\. Did you mean erp\?/);
    assert.equal((await project.type('alerts mute erp --for soon')).code, 2);
  });
});
