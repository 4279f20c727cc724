import { cancelJob } from './cancel-job.ts';
import { cancelRun } from './cancel-run.ts';
import { chooseRun } from './choose-run.ts';
import type { Command } from './command.ts';
import { compareAttempts } from './compare-attempts.ts';
import { compareDeadLetter } from './compare-dead-letter.ts';
import { continueRun } from './continue-run.ts';
import { copyAsCurl } from './copy-as-curl.ts';
import { copyJob } from './copy-job.ts';
import { createProject } from './create-project.ts';
import { createWorkflow } from './create-workflow.ts';
import { deleteSecret } from './delete-secret.ts';
import { discardGroup } from './discard-group.ts';
import { discard } from './discard.ts';
import { dropDraft } from './drop-draft.ts';
import { evaluateExpression } from './evaluate-expression.ts';
import { exportDeadLetters } from './export-dead-letters.ts';
import { filterDeadLetters } from './filter-dead-letters.ts';
import { filterQueues } from './filter-queues.ts';
import { filterRuns } from './filter-runs.ts';
import { getStarted } from './get-started.ts';
import { loadMore } from './load-more.ts';
import { moveQueue } from './move-queue.ts';
import { muteAlerts } from './mute-alerts.ts';
import { openAttempt } from './open-attempt.ts';
import { openDashboard } from './open-dashboard.ts';
import { openDeadLetter } from './open-dead-letter.ts';
import { openFailure } from './open-failure.ts';
import { openJob } from './open-job.ts';
import { openProject } from './open-project.ts';
import { openRun } from './open-run.ts';
import { openWorkflow } from './open-workflow.ts';
import { pauseQueue } from './pause-queue.ts';
import { refresh } from './refresh.ts';
import { releaseQueue } from './release-queue.ts';
import { replayAll } from './replay-all.ts';
import { replayEdited } from './replay-edited.ts';
import { replayExport } from './replay-export.ts';
import { replayGroup } from './replay-group.ts';
import { replay } from './replay.ts';
import { restartDaemon } from './restart-daemon.ts';
import { restartLanguageServer } from './restart-language-server.ts';
import { resumeQueue } from './resume-queue.ts';
import { retryNow } from './retry-now.ts';
import { runFile } from './run-file.ts';
import { runWorkflow } from './run-workflow.ts';
import { setConcurrency } from './set-concurrency.ts';
import { setRate } from './set-rate.ts';
import { setSecret } from './set-secret.ts';
import { showDaemonLog } from './show-daemon-log.ts';
import { showLog } from './show-log.ts';
import { showQueue } from './show-queue.ts';
import { startDaemon } from './start-daemon.ts';
import { startPractice } from './start-practice.ts';
import { stopDaemon } from './stop-daemon.ts';
import { unmuteAlerts } from './unmute-alerts.ts';

/** Every command that package.json contributes. */
export const allCommands: readonly Command[] = [
  cancelJob,
  cancelRun,
  chooseRun,
  compareAttempts,
  compareDeadLetter,
  continueRun,
  copyAsCurl,
  copyJob,
  createProject,
  createWorkflow,
  deleteSecret,
  discardGroup,
  discard,
  dropDraft,
  evaluateExpression,
  exportDeadLetters,
  filterDeadLetters,
  filterQueues,
  filterRuns,
  getStarted,
  loadMore,
  moveQueue,
  muteAlerts,
  openAttempt,
  openDashboard,
  openDeadLetter,
  openFailure,
  openJob,
  openProject,
  openRun,
  openWorkflow,
  pauseQueue,
  refresh,
  releaseQueue,
  replayAll,
  replayEdited,
  replayExport,
  replayGroup,
  replay,
  restartDaemon,
  resumeQueue,
  retryNow,
  runFile,
  runWorkflow,
  setConcurrency,
  setRate,
  setSecret,
  showDaemonLog,
  restartLanguageServer,
  showLog,
  showQueue,
  startDaemon,
  startPractice,
  stopDaemon,
  unmuteAlerts,
];
