/**
 * Measures what Sluice promises, on this machine and now: `npm run bench`, or some of it: `npm run bench -- --only speed,size`.
 * `docs/benchmarks.md` says what each figure means.
 */
import { parseArgs } from 'node:util';
import type { Bench, Figure } from './figure.ts';
import { childRuns } from './child-runs.ts';
import { deliveries } from './deliveries.ts';
import { extension } from './extension.ts';
import { http } from './http.ts';
import { kill } from './kill.ts';
import { language } from './language.ts';
import { languageServer } from './language-server.ts';
import { manyDaemons } from './many-daemons.ts';
import { loop } from './loop.ts';
import { pages } from './pages.ts';
import { peers } from './peers.ts';
import { priority } from './priority.ts';
import { rate } from './rate.ts';
import { jsonReport, textReport, writeDocs, type Report } from './report.ts';
import { retry } from './retry.ts';
import { sharedRate } from './shared-rate.ts';
import { size } from './size.ts';
import { besideScripts } from './scripts.ts';
import { speed } from './speed.ts';
import { tree } from './tree.ts';

const benches: Readonly<Record<string, Bench>> = { speed, http, deliveries, size, 'child-runs': childRuns, pages, priority, retry, rate, kill, loop, 'many-daemons': manyDaemons, 'shared-rate': sharedRate, tree, extension, language, 'language-server': languageServer, 'beside-scripts': besideScripts, peers };
/** Installs what it is measured beside, so it has to be asked for. */
const onlyIfAsked: readonly string[] = ['peers'];

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    peers: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    'write-docs': { type: 'boolean', default: false },
  },
});

const names = values.only?.split(',') ?? (values.peers ? onlyIfAsked : Object.keys(benches).filter((name) => !onlyIfAsked.includes(name)));
const unknown = names.filter((name) => benches[name] === undefined);
if (unknown.length > 0) {
  console.error(`bench: nothing is called ${unknown.join(', ')}; there are: ${Object.keys(benches).join(', ')}`);
  process.exit(2);
}
if (values['write-docs'] && values.quick) {
  console.error('bench: the documents take no figures of a short run: leave out --quick');
  process.exit(2);
}

const startedAtMs = performance.now();
const reports: Report[] = [];
for (const name of names) {
  const bench = benches[name];
  if (bench === undefined) continue;
  const progress = (line: string): void => void process.stderr.write(`${name}: ${line}\n`);
  progress('begins');
  const figures: readonly Figure[] | Error = await bench({ quick: values.quick, progress }).catch((error: unknown) =>
    error instanceof Error ? error : new Error(String(error)),
  );
  if (figures instanceof Error) progress(`failed: ${figures.stack ?? figures.message}`);
  reports.push(figures instanceof Error ? { name, figures: [], failure: figures.message } : { name, figures });
}
process.stderr.write(`${((performance.now() - startedAtMs) / 1000).toFixed(0)} s in all\n`);
console.log(values.json ? jsonReport(reports) : textReport(reports));
if (values['write-docs']) await writeDocs(reports, Object.keys(benches));
// A figure that isn't met is a finding, not an error; what could not be measured is one.
if (reports.some(({ failure }) => failure !== undefined)) process.exitCode = 1;
