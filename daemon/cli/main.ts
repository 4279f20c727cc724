import type { Interrupts } from './terminal.ts';
import { runCommand } from './program.ts';

/** The `sluice` program: this process's streams and signals around `runCommand`. */

const interrupts: Interrupts = {
  listen(listener) {
    process.on('SIGINT', listener);
    process.on('SIGTERM', listener);
    return () => {
      process.off('SIGINT', listener);
      process.off('SIGTERM', listener);
    };
  },
};

/** Anyone who read the output has had enough (`| head`): that is not an error, and there is nobody left to write for. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit();
  throw error;
}
process.stdout.on('error', endQuietly);
process.stderr.on('error', endQuietly);

process.exitCode = await runCommand(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  env: process.env,
  cwd: process.cwd(),
  interrupts,
});
