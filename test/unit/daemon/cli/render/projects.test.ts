import assert from 'node:assert/strict';
import type { ProjectLook } from '../../../../../client/projects.ts';
import { renderProjects } from '../../../../../daemon/cli/render/status.ts';
import type { View } from '../../../../../daemon/cli/terminal.ts';

describe('the list of projects in a terminal', () => {
  const view = (width?: number): View => ({ width, now: Date.parse('2026-11-28T10:00:00Z'), timeZone: 'UTC', style: (_format, text) => text });
  const usedAt = '2026-11-28T09:00:00.000Z';
  const projects: readonly ProjectLook[] = [
    { folder: '/srv/crm', usedAt, daemon: 'running', pid: 4711, version: '1.0.0', waiting: 1204, active: 3, dead: 2 },
    { folder: '/srv/newsletter', usedAt, daemon: 'stopped', waiting: 12, dead: 0, stoppedAt: '2026-11-28T08:00:00.000Z' },
    { folder: '/srv/crashed', usedAt, daemon: 'stopped' },
    { folder: '/srv/stuck', usedAt, daemon: 'unreachable' },
    { folder: '/srv/deleted', usedAt, daemon: 'gone' },
  ];

  it('says for each what is known, and a question mark for what nobody knows', () => {
    assert.deepEqual(renderProjects(projects, { forgotten: undefined }, view()).split('\n').map((line) => line.trimEnd()), [
      'FOLDER           DAEMON             WAITING  ACTIVE  DEAD  STOPPED',
      '/srv/crm         running, pid 4711    1,204       3     2  -',
      '/srv/newsletter  stopped                 12       0     0  2h ago',
      '/srv/crashed     stopped                  ?       0     ?  -',
      '/srv/stuck       does not answer          ?       ?     ?  -',
      '/srv/deleted     folder is gone           ?       ?     ?  -',
      '',
      '`sluice projects --forget` takes those from the list whose folder is gone.',
    ]);
  });

  it('fits into a narrow terminal', () => {
    for (const line of renderProjects(projects.slice(0, 4), { forgotten: undefined }, view(60)).split('\n')) assert.ok(line.length <= 60, line);
  });

  it('says how to get a first one, and what was forgotten', () => {
    assert.match(renderProjects([], { forgotten: undefined }, view()), /^No project is known yet: `sluice init` makes one/);
    assert.match(renderProjects([], { forgotten: 0 }, view()), /^No folder is gone\./);
    assert.match(renderProjects([], { forgotten: 1 }, view()), /^1 project is off the list: its folder is gone\./);
    assert.match(renderProjects([], { forgotten: 2 }, view()), /^2 projects are off the list: their folders are gone\./);
  });
});
