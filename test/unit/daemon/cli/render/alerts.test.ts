import assert from 'node:assert/strict';
import { renderAlerts } from '../../../../../daemon/cli/render/alerts.ts';
import type { AlertReceiverView } from '../../../../../schemas/protocol/alert.ts';
import { alert, minutesAgo, terminal80 } from '../protocol-samples.ts';

const past: AlertReceiverView['past'] = [{ id: 'alert-1', at: minutesAgo(2), items: [{ turn: 'began', queue: 'erp', kind: 'depth', severity: 'warning' }], count: 3, attempts: 1 }];
const chat: AlertReceiverView = { name: 'hooks.slack.com', kind: 'webhook', from: 'warning', repeatMs: 3_600_000, past };
const failing: AlertReceiverView = {
  name: 'ops@example.com', kind: 'email', from: 'error', past: [],
  waiting: { count: 1, since: minutesAgo(12), attempts: 4, nextAt: minutesAgo(-5), problem: 'smtp.example.com:587 answered 451.', failingSince: minutesAgo(10) },
};

describe('sluice alerts', () => {
  it('shows what is crossed, who is told and was told, and what did not arrive', () => {
    const text = renderAlerts({ raised: [{ queue: 'erp', ...alert({ value: 12_345 }) }], receivers: [chat, failing], mutes: [{ queue: 'crm', since: minutesAgo(1), until: minutesAgo(-60) }], heartbeat: { calledAt: minutesAgo(1) } }, terminal80);
    assert.match(text, /^⚠ Warning for 2m: erp has 12,345 jobs waiting; the threshold is 5,000\.\n\nRECEIVER +FROM +REPEAT +LAST TOLD/);
    assert.match(text, /\nhooks\.slack\.com +warning +1h +\S+ \S+ +warning: too many jobs \(…\n/);
    assert.match(text, /\nops@example\.com +error +- +never/);
    assert.match(text.replace(/\n +/g, ' '), /\nops@example\.com could not be told since \S+ \S+: smtp\.example\.com:587 answered 451\. The next attempt is at /);
    assert.match(text.replace(/\n +/g, ' '), /The heartbeat goes out\. It was last called at /);
    assert.match(text.replace(/\n +/g, ' '), /Nobody is told of alerts of crm until .*: sluice alerts unmute crm$/);
    assert.match(renderAlerts({ raised: [], receivers: [chat], mutes: [], heartbeat: undefined }, { ...terminal80, width: 120 }), / warning: too many jobs \(erp\) and 2 more$/m);
    for (const line of text.split('\n')) assert.ok(line.length <= 80, line);
  });

  it('says that nobody is told where nobody is', () => {
    assert.equal(renderAlerts({ raised: [], receivers: [], mutes: [], heartbeat: undefined }, terminal80), 'No threshold is crossed.\n\nNobody is told: `alerts` in .sluice/config.yaml names no receiver.');
  });
});
