import { runProgram } from '../running/program.ts';
import { campaign } from './campaign.ts';

process.exitCode = await runProgram(campaign, process.argv.slice(2));
