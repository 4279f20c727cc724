import assert from 'node:assert/strict';
import type { Daemon } from '../../../../client/daemon-client.ts';
import { FollowedBulks, UnfollowedBulks, type KnownBulks } from '../../../../extension/selection/unfollowed-bulks.ts';
import type { BulkState, BulkView } from '../../../../schemas/protocol/bulk.ts';
import { ScriptedTopics } from '../mirror/scripted-topics.ts';

const bulk = (id: string, done: number, state: BulkState = 'running'): BulkView => ({ id, action: 'replay', state, startedAt: '2026-11-24T10:00:00.000Z', total: 9, done, skipped: 0, edited: 0, takenBack: 0 });

describe('bulk work that no command of the window follows', () => {
  let daemon: Daemon;
  let followed: FollowedBulks;
  let unfollowed: UnfollowedBulks;
  let seen: string[];
  let due: (() => void)[];
  let known: KnownBulks;
  const look = (...bulks: BulkView[]): void => {
    known = { folder: 'shop', daemon, bulks };
    unfollowed.look(() => known);
  };
  const pass = (): void => due.splice(0).forEach((callback) => callback());

  beforeEach(() => {
    daemon = new ScriptedTopics();
    followed = new FollowedBulks();
    seen = [];
    due = [];
    unfollowed = new UnfollowedBulks(followed, {
      show: (folder, { id, done }) => {
        seen.push(`${folder} ${id}: ${done}`);
        return { update: (now) => seen.push(`${id}: ${now.done}`), end: (now) => seen.push(`${id}: ${now?.state ?? 'unknown'}`) };
      },
      ask: (folder, { id }) => seen.push(`${folder} ${id}: asked`),
      later: (callback) => due.push(callback),
      nowMs: () => Date.parse('2026-11-24T10:05:00.000Z'),
    });
  });

  it('is shown with how far it is by then, once, and until it ends', () => {
    look(bulk('b1', 1));
    assert.deepEqual(seen, [], 'most works end before anybody could read it');
    look(bulk('b1', 2));
    pass();
    look(bulk('b1', 4));
    look(bulk('b1', 9, 'done'));
    look(bulk('b1', 9, 'done'));
    pass();
    assert.deepEqual(seen, ['shop b1: 2', 'b1: 4', 'b1: done']);
  });

  it('is a replay at a rate until its display has seen the last attempt, though the work in the store is done', () => {
    const spaced = (id: string, lastDueAt: string, state: BulkState = 'done'): BulkView => ({ ...bulk(id, 9, state), rate: '1/min', lastDueAt });
    look(spaced('b1', '2026-11-24T10:05:01.000Z'), spaced('b2', '2026-11-24T10:05:00.000Z'), { ...bulk('b3', 9, 'done'), lastDueAt: '2026-11-24T11:00:00.000Z' });
    pass();
    assert.deepEqual(seen, ['shop b1: 9'], 'the last of b2 was due before, and b3 has no rate');
    look(spaced('b1', '2026-11-24T10:04:00.000Z'));
    look(spaced('b1', '2026-11-24T10:04:00.000Z', 'taking-back'));
    look(spaced('b1', '2026-11-24T10:04:00.000Z', 'cancelled'));
    assert.deepEqual(seen.slice(1), ['b1: 9', 'b1: 9', 'b1: cancelled']);
  });

  it('is not what a command has begun meanwhile, or what has ended', () => {
    look(bulk('b1', 1), bulk('b2', 1), bulk('b4', 9, 'done'));
    followed.add(daemon, 'b1');
    look(bulk('b1', 2), bulk('b2', 9, 'done'));
    pass();
    assert.deepEqual(seen, []);
  });

  it('is asked about once while it is held, and shown when it continues', () => {
    look(bulk('b1', 1, 'held'));
    pass();
    look(bulk('b1', 1, 'held'));
    pass();
    assert.deepEqual(seen, ['shop b1: asked']);
    look(bulk('b1', 2));
    pass();
    assert.deepEqual(seen.slice(1), ['shop b1: 2']);
  });

  it('is not asked about if somebody has decided meanwhile', () => {
    look(bulk('b1', 1, 'held'));
    look(bulk('b1', 1, 'cancelled'));
    pass();
    assert.deepEqual(seen, []);
  });

  it('is what a command has lost sight of with its connection', () => {
    followed.add(daemon, 'b1');
    look(bulk('b1', 1));
    pass();
    daemon = new ScriptedTopics();
    look(bulk('b1', 5));
    pass();
    assert.deepEqual(seen, ['shop b1: 5']);
  });

  it('ends without a word about it when its daemon is gone, and while it is held', () => {
    look(bulk('b1', 1), bulk('b2', 1));
    pass();
    look(bulk('b2', 3, 'held'));
    assert.deepEqual(seen.slice(2), ['b1: unknown', 'b2: held']);
    look(bulk('b2', 3));
    pass();
    assert.deepEqual(seen.slice(4), ['shop b2: 3'], 'it continues');
  });

  it('of one project says nothing of another', () => {
    look(bulk('b1', 1));
    pass();
    unfollowed.look(() => ({ folder: 'office', daemon, bulks: [] }));
    assert.deepEqual(seen, ['shop b1: 1']);
  });
});
