import { readFile } from 'node:fs/promises';

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** What the tests of a window wrote: their report, line by line, and last how many there were. */
export async function readReport(file: string): Promise<{ readonly text: string; readonly counts: Counts | undefined }> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const [, passed, failed, skipped] = /^(\d+) passed, (\d+) failed, (\d+) skipped$/m.exec(text) ?? [];
  return { text, counts: passed === undefined ? undefined : { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) } };
}
