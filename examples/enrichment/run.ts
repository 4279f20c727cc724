import { runProgram } from '../running/program.ts';
import { enrichment } from './enrichment.ts';

process.exitCode = await runProgram(enrichment, process.argv.slice(2));
