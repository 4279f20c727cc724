import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Example, ExampleReport } from './example.ts';
import { formatMs } from './example.ts';
import { Interruption } from './interruption.ts';
import { Narrator } from './narrator.ts';
import { isPassed, tellFindings } from './report-text.ts';
import { repository, writeSecrets } from './stage.ts';

const smallLimitMs = 5 * 60_000;

/** The program of an example: `node run.ts [--full] [--keep] [--serve]`. Answers with its exit code. */
export async function runProgram<Size>(example: Example<Size>, args: readonly string[]): Promise<number> {
  const unknown = args.filter((arg) => !['--full', '--keep', '--serve'].includes(arg));
  if (unknown.length > 0) {
    console.error(`Unknown: ${unknown.join(', ')}. There are:\n  --full   at full size, as in real life; the small size takes seconds\n  --keep   leave the project's copy where it is\n  --serve  start the servers alone, to try the project by hand`);
    return 2;
  }
  if (!existsSync(path.join(repository, 'dist', 'cli.js'))) {
    console.error('The sluice command is not built yet: npm run build');
    return 1;
  }
  if (args.includes('--serve')) return serve(example);
  const isFull = args.includes('--full');
  const interruption = new Interruption(isFull ? undefined : smallLimitMs);
  const narrator = new Narrator();
  const startedAt = performance.now();
  try {
    narrator.title(`${example.title} (${isFull ? 'full' : 'small'} size)`);
    const report: ExampleReport = await example.run(isFull ? example.full : example.small, { narrator, signal: interruption.signal, keep: args.includes('--keep') });
    tellFindings(report, narrator);
    narrator.event('What went wrong, and was fixed:');
    for (const what of report.fixed) narrator.event(`- ${what}`);
    narrator.event(`It took ${formatMs(performance.now() - startedAt)}.`);
    return isPassed({ name: example.name, tookMs: 0, report }) ? 0 : 1;
  } catch (error) {
    const reason: unknown = interruption.signal.aborted ? interruption.signal.reason : error;
    narrator.event(reason instanceof Error ? reason.message : String(reason), 'red');
    return interruption.name === undefined ? 1 : interruption.exitCode;
  } finally {
    interruption.end();
  }
}

async function serve<Size>(example: Example<Size>): Promise<number> {
  const folder = path.join(repository, 'examples', example.name);
  const narrator = new Narrator();
  const interruption = new Interruption();
  const servers = await example.serve();
  if (Object.keys(servers.secrets).length > 0) await writeSecrets(folder, servers.secrets);
  narrator.title(`${example.title}: the servers run until Ctrl-C. In another terminal:`);
  narrator.typed(`cd ${folder}`);
  narrator.typed(`alias sluice='node ${path.join(repository, 'bin', 'sluice.cjs')}'`);
  for (const command of servers.tryThis) narrator.typed(command);
  servers.onNote(() => narrator.progress(servers.status));
  // Servers keep the process alive by themselves.
  await new Promise<void>((resolve) => interruption.signal.addEventListener('abort', () => resolve(), { once: true }));
  await servers.stop();
  narrator.line();
  narrator.event(servers.status());
  return 0;
}
