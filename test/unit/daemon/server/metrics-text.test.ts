import assert from 'node:assert/strict';
import { metricsText } from '../../../../daemon/server/metrics-text.ts';

describe('the text of metrics', () => {
  it('has help and type before the samples, and leaves out a metric without any', () => {
    const text = metricsText([
      { name: 'sluice_store_up', type: 'gauge', help: 'Whether the store can be written.', samples: [{ value: 1 }] },
      { name: 'sluice_nothing', type: 'gauge', help: 'Nothing.', samples: [] },
      { name: 'sluice_wait_seconds', type: 'summary', help: 'A wait.', samples: [{ labels: { queue: 'a' }, suffix: '_sum', value: 0.25 }, { labels: { queue: 'a' }, suffix: '_count', value: 3 }] },
    ]);
    assert.equal(
      text,
      `# HELP sluice_store_up Whether the store can be written.
# TYPE sluice_store_up gauge
sluice_store_up 1
# HELP sluice_wait_seconds A wait.
# TYPE sluice_wait_seconds summary
sluice_wait_seconds_sum{queue="a"} 0.25
sluice_wait_seconds_count{queue="a"} 3
`,
    );
  });

  it('escapes what would end a label or a line', () => {
    const text = metricsText([{ name: 'm', type: 'gauge', help: 'a\\b\nc', samples: [{ labels: { version: '1"\\\n}' }, value: 2 }] }]);
    assert.equal(text, '# HELP m a\\\\b\\nc\n# TYPE m gauge\nm{version="1\\"\\\\\\n}"} 2\n');
  });
});
