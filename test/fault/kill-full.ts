/** The kill test at full size: `node test/fault/kill-full.ts [--jobs 5000] [--kills 20] [--seed N]`. */
import { parseArgs } from 'node:util';
import { killTest } from './kill-test.ts';

const { values } = parseArgs({ options: { jobs: { type: 'string', default: '5000' }, kills: { type: 'string', default: '20' }, seed: { type: 'string' } } });
const result = await killTest({
  jobs: Number(values.jobs),
  kills: Number(values.kills),
  ...(values.seed === undefined ? {} : { seed: Number(values.seed) }),
});
const { kills, broken, ...figures } = result;
console.table(kills);
console.log(figures);
for (const fault of broken) console.log(`BROKEN: ${fault}`);
process.exitCode = broken.length === 0 ? 0 : 1;
