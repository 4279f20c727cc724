import assert from 'node:assert/strict';
import type { InlayHint } from 'vscode-languageserver-types';
import { inlayHints, type InlayHintOptions } from '../../../../schemas/language/inlay-hints.ts';
import { LanguageProject } from '../../../../schemas/language/language-project.ts';

const path = '.sluice/workflows/w.yaml';
const options: InlayHintOptions = { now: Date.UTC(2026, 2, 27, 12), timeZone: 'America/New_York' };
const all = { start: 0, end: Number.MAX_SAFE_INTEGER };

function hints(text: string, file = path): readonly InlayHint[] {
  return inlayHints(LanguageProject.of([{ path: file, text }]), file, all, options);
}

/** The text with the hints in it, as an editor shows them. */
function shown(text: string, file = path): string {
  const lines = text.split('\n');
  for (const { position, label } of hints(text, file).toReversed()) {
    const line = lines[position.line] ?? '';
    lines[position.line] = `${line.slice(0, position.character)}«${typeof label === 'string' ? label : '?'}»${line.slice(position.character)}`;
  }
  return lines.join('\n');
}

describe('inlay hints', () => {
  it("give the next times of a schedule in the reader's time", () => {
    const text = 'on:\n  schedule:\n    - { cron: "0 9 * * MON", timezone: Europe/Berlin }   # weekly\n    - cron: 30 23 * * *\n';
    assert.equal(
      shown(text),
      'on:\n  schedule:\n    - { cron: "0 9 * * MON"«→ Mon, Mar 30, 03:00 · Mon, Apr 6, 03:00», timezone: Europe/Berlin }   # weekly\n    - cron: 30 23 * * *«→ Fri, Mar 27, 19:30 · Sat, Mar 28, 19:30»\n',
    );
    const tooltip = hints(text)[0]?.tooltip;
    assert.ok(typeof tooltip === 'object');
    assert.match(tooltip.value, /^In America\/New_York:\n\n- Mon, Mar 30, 03:00 \(Mon 09:00 Europe\/Berlin\)\n(- .*\n){3}- .*$/);
  });

  it('give the times of retries as a line', () => {
    assert.equal(shown('queues:\n  erp: { retry: { delays: [1m, 5m, 30m, 2h], jitter: 10% } }\n', '.sluice/queues.yaml'), 'queues:\n  erp: { retry: { delays: [1m, 5m, 30m, 2h]«+1m +6m +36m +2h36m», jitter: 10% } }\n');
    const block = (hint: string): string => `steps:\n  call:\n    retry:\n      type: exponential\n      first: 5s\n      attempts: 5${hint}\n\non-failure: {}\n`;
    assert.equal(shown(block('')), block('«+5s +15s +35s +1m15s»'));
    const long = shown('steps:\n  call: { retry: { type: exponential, first: 1s, factor: 2, max: 10m, attempts: 12 } }\n');
    assert.match(long, /«\+1s \+3s \+7s \+15s \.\.\. \+27m3s»/);
  });

  it('are silent where they would say nothing new, or the value is wrong', () => {
    const steps = (retry: string): string => `steps:\n  call: { retry: ${retry} }\n`;
    for (const text of [steps('{ delays: [1m] }'), steps('none'), steps('{ delays: [1] }'), steps('{ delays: [] }'), 'on:\n  schedule: [{ cron: "0 99 * * *" }, { cron: }, 5]\n', 'on: { schedule: 5 }\nsteps: 1\n']) {
      assert.deepEqual(hints(text), [], text);
    }
  });

  it('are given for the lines that are looked at', () => {
    const text = 'queues:\n  a: { retry: { delays: [1m, 2m] } }\n  b: { retry: { delays: [1m, 3m] } }\n';
    const project = LanguageProject.of([{ path, text }]);
    const second = text.indexOf('  b:');
    assert.deepEqual(inlayHints(project, path, { start: second, end: text.length }, options).map(({ label }) => label), ['+1m +4m']);
    assert.deepEqual(inlayHints(project, 'elsewhere.yaml', all, options), []);
  });
});
