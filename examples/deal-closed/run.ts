import { runProgram } from '../running/program.ts';
import { dealClosed } from './deal-closed.ts';

process.exitCode = await runProgram(dealClosed, process.argv.slice(2));
