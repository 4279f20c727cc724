import assert from 'node:assert/strict';
import { workflowIdFrom } from '../../../../extension/project/starter-files.ts';

describe('the id of a new workflow', () => {
  const ids: readonly (readonly [name: string, id: string | undefined])[] = [
    ['Spring letter 2', 'spring_letter_2'],
    ['  Überprüfung – täglich! ', 'uberprufung_taglich'],
    ['2026 report', '_2026_report'],
    ['../../etc/passwd', 'etc_passwd'],
    ['123', undefined],
    ['', undefined],
  ];
  for (const [name, id] of ids) it(`${JSON.stringify(name)} is ${id ?? 'none'}`, () => assert.equal(workflowIdFrom(name), id));
});
