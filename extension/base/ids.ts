/** Every id that package.json contributes and the code uses; a test checks that both say the same. */

export const viewContainer = 'sluice';

export const views = {
  queues: 'sluice.queues',
  runs: 'sluice.runs',
  deadLetters: 'sluice.deadLetters',
  workflows: 'sluice.workflows',
} as const;
export type ViewId = (typeof views)[keyof typeof views];

export const commands = {
  runWorkflow: 'sluice.runWorkflow',
  runFile: 'sluice.runFile',
  continueRun: 'sluice.continueRun',
  cancelRun: 'sluice.cancelRun',
  cancelJob: 'sluice.cancelJob',
  retryNow: 'sluice.retryNow',
  answerSignal: 'sluice.answerSignal',
  pauseSchedule: 'sluice.pauseSchedule',
  resumeSchedule: 'sluice.resumeSchedule',
  openDelivery: 'sluice.openDelivery',
  rerunDelivery: 'sluice.rerunDelivery',
  useDeliveryInputs: 'sluice.useDeliveryInputs',
  sendSampleDelivery: 'sluice.sendSampleDelivery',
  saveDeliveryAsSample: 'sluice.saveDeliveryAsSample',
  why: 'sluice.why',
  showQueue: 'sluice.showQueue',
  muteAlerts: 'sluice.muteAlerts',
  unmuteAlerts: 'sluice.unmuteAlerts',
  pauseQueue: 'sluice.pauseQueue',
  resumeQueue: 'sluice.resumeQueue',
  moveQueue: 'sluice.moveQueue',
  releaseQueue: 'sluice.releaseQueue',
  setRate: 'sluice.setRate',
  setConcurrency: 'sluice.setConcurrency',
  replay: 'sluice.replay',
  replayGroup: 'sluice.replayGroup',
  replayAll: 'sluice.replayAll',
  replayEdited: 'sluice.replayEdited',
  discard: 'sluice.discard',
  discardGroup: 'sluice.discardGroup',
  dropDraft: 'sluice.dropDraft',
  openDeadLetter: 'sluice.openDeadLetter',
  compareDeadLetter: 'sluice.compareDeadLetter',
  openJob: 'sluice.openJob',
  openAttempt: 'sluice.openAttempt',
  openFailure: 'sluice.openFailure',
  evaluateExpression: 'sluice.evaluateExpression',
  chooseRun: 'sluice.chooseRun',
  compareAttempts: 'sluice.compareAttempts',
  openRun: 'sluice.openRun',
  openWorkflow: 'sluice.openWorkflow',
  copyJob: 'sluice.copyJob',
  copyAsCurl: 'sluice.copyAsCurl',
  exportDeadLetters: 'sluice.exportDeadLetters',
  replayExport: 'sluice.replayExport',
  testConnection: 'sluice.testConnection',
  testAlerts: 'sluice.testAlerts',
  setSecret: 'sluice.setSecret',
  deleteSecret: 'sluice.deleteSecret',
  startDaemon: 'sluice.startDaemon',
  stopDaemon: 'sluice.stopDaemon',
  restartDaemon: 'sluice.restartDaemon',
  showLog: 'sluice.showLog',
  showDaemonLog: 'sluice.showDaemonLog',
  restartLanguageServer: 'sluice.restartLanguageServer',
  createProject: 'sluice.createProject',
  createWorkflow: 'sluice.createWorkflow',
  getStarted: 'sluice.getStarted',
  startPractice: 'sluice.startPractice',
  openDashboard: 'sluice.openDashboard',
  openProject: 'sluice.openProject',
  filterQueues: 'sluice.filterQueues',
  filterRuns: 'sluice.filterRuns',
  filterDeadLetters: 'sluice.filterDeadLetters',
  refresh: 'sluice.refresh',
  dropFilter: 'sluice.dropFilter',
  loadMore: 'sluice.loadMore',
} as const;
export type CommandId = (typeof commands)[keyof typeof commands];

/** Values that `when` clauses of package.json look at. `context-keys.ts` is the only place that sets them. */
export const contextKeys = {
  /** A `ConnectionStateKind`, or `virtual`, or `several` where the window has more than one project. */
  state: 'sluice.state',
  /** At least one project is connected. */
  connected: 'sluice.connected',
  hasDeadLetters: 'sluice.hasDeadLetters',
  /** Something has been run: the first steps tick it when it has happened. */
  hasRuns: 'sluice.hasRuns',
  /** Open payloads whose job is a dead letter now: `resource in sluice.deadDocuments`. */
  deadDocuments: 'sluice.deadDocuments',
  /** Of these, those with an edit that was saved and not sent yet. */
  editedDocuments: 'sluice.editedDocuments',
  /** YAML files with errors, which can't be run: `resourcePath in sluice.filesWithErrors`. By path, because a remote window's URIs are others than ours. */
  filesWithErrors: 'sluice.filesWithErrors',
} as const;

export const settings = {
  section: 'sluice',
  autoStart: 'daemon.autoStart',
  statusBar: 'statusBar.visible',
  alertNotifications: 'alerts.notifications',
  answerNotifications: 'answers.notifications',
  codeLens: 'editor.codeLens',
  failureDiagnostics: 'editor.failureDiagnostics',
  valueHover: 'editor.valueHover',
  languageServer: 'languageServer.enabled',
  languageServerTrace: 'trace.server',
} as const;

/** Type of the dashboard's webview panel. */
export const dashboardPanel = 'sluice.dashboard';

/** Of the first steps: the extension, and what package.json calls them. */
export const walkthrough = 'sluice.sluice#sluice.start';

export const statusBarItem = 'sluice.depth';

export const schemes = {
  /** Jobs, attempts and runs, to read. */
  document: 'sluice',
  /** Payloads of dead letters, to edit. */
  deadLetter: 'sluice-dead',
  /** Values and previews, to read. */
  text: 'sluice-text',
  /** JSON Schemas of what actions take, for VS Code's JSON support. */
  schema: 'sluice-schema',
} as const;

/** Of workflows, queues, connections and the configuration, as package.json contributes it. */
export const languageId = 'sluice';
