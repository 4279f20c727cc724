import { readLastStop } from '../../../client/discovery.ts';
import { stopDaemon } from '../../../client/daemon-lifecycle.ts';
import { type AddCommand, examples } from '../command-context.ts';
import { runInForeground } from '../daemon-foreground.ts';
import { runChecks } from '../doctor-checks.ts';
import { exitCodes } from '../exit-code.ts';
import { LogFile } from '../log-file.ts';
import { parsePositive } from '../option-parsers.ts';
import { renderChecks } from '../render/checks.ts';
import { parseLogLine, renderLogLine } from '../render/log-line.ts';
import { renderLastStop, renderStatus } from '../render/status.ts';
import type { DaemonStatus } from '../../../schemas/protocol/daemon-status.ts';
import { CodedError } from '../../../schemas/protocol/error.ts';
import { unsafeState } from '../../state/state-folder.ts';
import { stateProblem } from '../../state/state-mark.ts';

export const addUp: AddCommand = (program, runtime) => {
  program
    .command('up')
    .description('start the daemon if it is not running')
    .option('--foreground', 'run it in this process group, with its log on stderr, until Ctrl-C or SIGTERM')
    .option('--adopt', 'use the state in this folder even if another user, machine or folder made it: for a container with a new home folder at each start')
    .addHelpText('after', examples(['sluice up', 'in the background; it continues when this terminal is closed'], ['sluice up --foreground', 'for systemd, a container, or to watch it']))
    .action(
      runtime.action(async (context, { foreground, adopt }: { readonly foreground?: boolean; readonly adopt?: boolean }) => {
        const running = await context.connectIfRunning();
        if (foreground === true) {
          if (running === undefined) return runInForeground(context, adopt === true, (status) => context.show(status, () => renderUp(status, false)));
          const { pid } = await running.call('daemon/status', {});
          throw new CodedError('wrong-state', `The daemon runs already (pid ${pid}): \`sluice down\` stops it, \`sluice logs -f\` shows its log.`);
        }
        const client = running ?? (await context.connect({ adopt: adopt === true }));
        const status = await client.call('daemon/status', {});
        context.show(status, () => renderUp(status, running !== undefined));
        return exitCodes.done;
      }),
    );
};

function renderUp({ pid, endpoint, store }: DaemonStatus, ranAlready: boolean): string {
  return `The daemon ${ranAlready ? 'ran already' : 'runs'}: pid ${pid}, ${endpoint}.${storeTroubleText(store)}`;
}

/** That a daemon runs doesn't mean that it works. */
function storeTroubleText({ ok, problem = '' }: DaemonStatus['store']): string {
  return ok ? '' : ` It can't use the store yet, accepts nothing, and tries again by itself. ${problem}`;
}

export const addDown: AddCommand = (program, runtime) => {
  program
    .command('down')
    .description('stop the daemon: active attempts get their grace time, all other jobs wait for the next start')
    .addHelpText('after', examples(['sluice down', 'and sluice up continues where it was']))
    .action(
      runtime.action(async (context) => {
        const client = await context.connectIfRunning();
        const pid = client === undefined ? undefined : await stopDaemon(client);
        context.show({ stopped: pid !== undefined, ...(pid === undefined ? {} : { pid }) }, () =>
          pid === undefined ? 'The daemon was not running.' : `The daemon (pid ${pid}) has stopped; what waits is kept.`,
        );
        return exitCodes.done;
      }),
    );
};

export const addRestart: AddCommand = (program, runtime) => {
  program
    .command('restart')
    .description('stop the daemon if it is running and start it again, with the version of this command')
    .addHelpText('after', examples(['sluice restart', 'after an update of Sluice']))
    .action(
      runtime.action(async (context) => {
        const old = await context.connectIfRunning({ ignoreVersion: true });
        if (old !== undefined) await stopDaemon(old);
        const status = await (await context.connect()).call('daemon/status', {});
        context.show(status, () => `The daemon runs again: pid ${status.pid}, version ${status.version}.${storeTroubleText(status.store)}`);
        return exitCodes.done;
      }),
    );
};

export const addStatus: AddCommand = (program, runtime) => {
  program
    .command('status')
    .description('show whether the daemon is running, its health, and its queues; exit 3 if it is not running')
    .addHelpText('after', examples(['sluice status', 'for a person'], ['sluice status --json | jq .pid', 'for a script']))
    .action(
      runtime.action(async (context) => {
        const client = await context.connectIfRunning();
        if (client === undefined) {
          const project = await context.project();
          const problem = stateProblem(project);
          if (problem !== undefined) throw new CodedError('foreign-state', `No daemon runs. ${problem}`);
          const left = await readLastStop(project);
          const waits = left === undefined ? '' : ` ${renderLastStop(left, project, context.terminal.errorView)}`;
          const message = `The daemon of ${project} is not running.${waits} \`sluice up\` starts it, and so do commands that need it.`;
          throw new CodedError('unreachable', message, left === undefined ? {} : { lastStop: { ...left } });
        }
        const status = await client.call('daemon/status', {});
        context.show(status, (view) => renderStatus(status, view));
        return exitCodes.done;
      }),
    );
};

interface LogsOptions {
  readonly follow?: boolean;
  readonly lines: number;
}

export const addLogs: AddCommand = (program, runtime) => {
  program
    .command('logs')
    .description("show the end of the daemon's log; the daemon need not be running")
    .option('-f, --follow', 'continue with new lines, across restarts of the daemon, until Ctrl-C')
    .option('-n, --lines <n>', 'show this many lines', parsePositive, 50)
    .addHelpText('after', examples(['sluice logs -n 200', 'the last 200 lines'], ['sluice logs -f --json', 'JSON Lines, as they come']))
    .action(
      runtime.action(async (context, { follow, lines }: LogsOptions) => {
        const { terminal, json } = context;
        const project = await context.project();
        const unsafe = unsafeState(project);
        if (unsafe !== undefined) throw new CodedError('foreign-state', unsafe);
        const log = new LogFile(project);
        const { lines: tail, end } = await log.tail(lines);
        if (follow !== true) {
          if (tail.length === 0 && !json) terminal.out('The log is empty: the daemon has not run yet. `sluice up` starts it.');
          else if (json) terminal.out(JSON.stringify(tail.map(parseLogLine), null, 2));
          else for (const line of tail) terminal.out(renderLogLine(line, terminal.view));
          return exitCodes.done;
        }
        const print = (line: string): void => terminal.out(json ? JSON.stringify(parseLogLine(line)) : renderLogLine(line, terminal.view));
        for (const line of tail) print(line);
        return new Promise((resolve) => {
          const stopFollowing = log.follow(print, end);
          const stopListening = terminal.io.interrupts?.listen(() => {
            stopListening?.();
            stopFollowing();
            resolve(exitCodes.interrupted);
          });
        });
      }),
    );
};

export const addDoctor: AddCommand = (program, runtime) => {
  program
    .command('doctor')
    .description('check the installation, the project and the store; exit 1 if something is wrong')
    .addHelpText('after', examples(['sluice doctor', 'when something looks wrong'], ['sluice doctor --json | jq ".[] | select(.ok | not)"', 'only what is wrong']))
    .action(
      runtime.action(async (context) => {
        const checks = await runChecks(context);
        context.show(checks, (view) => renderChecks(checks, view));
        return checks.every(({ ok }) => ok) ? exitCodes.done : exitCodes.failed;
      }),
    );
};
