import type { LedgerOperation, Store } from './store.ts';

/** The methods of a store that do nothing but hand their parameters to its next transaction. */
const writes = {
  createRun: true, deliver: true, pruneDeliveries: true, promote: true, fanOut: true, describeItems: true, failFanOut: true, cascade: true, continueRun: true, cancelRun: true, cancelJob: true, replay: true, recall: true,
  saveDraft: true, dropDraft: true, signal: true, retry: true, discard: true, setQueue: true, declareSchedules: true, decideSchedule: true, setSchedule: true, moveQueue: true, prune: true, prepareBulk: true, advanceBulk: true, continueBulk: true,
  endBulk: true, forgetBulks: true, configure: true, forgetLimits: true, saveAlerts: true, keepAlertBook: true, recordSeries: true, shiftWaits: true, reclaim: true, probe: true, leaseToken: true, keepToken: true,
} as const satisfies Partial<Record<keyof Store, true>> & Record<LedgerOperation, true>;

/** Those that look at what has been committed, and change nothing. */
const reads = {
  listDeliveries: true, getDelivery: true, workflowVersion: true, listRuns: true, getRun: true, listJobs: true, getJob: true, deadGroups: true, deadDrafts: true, draftedJobs: true, replayTally: true, evaluate: true,
  signalWaits: true, signalLink: true, getBulk: true, listBulks: true, bulkTally: true, bulkJobs: true, listSchedules: true, series: true, listAlerts: true, listAlertBooks: true, oldestPending: true, jobsAhead: true, size: true, check: true,
} as const satisfies Partial<Record<keyof Store, true>>;

export type StoreWrite = keyof typeof writes;
export type StoreRead = keyof typeof reads;

abstract class Calls {
  constructor() {
    for (const name of Object.keys(writes) as StoreWrite[]) Object.assign(this, { [name]: (params: object) => this.write(name, params) });
    for (const name of Object.keys(reads) as StoreRead[]) Object.assign(this, { [name]: (params: object) => this.read(name, params) });
  }

  protected abstract write(name: StoreWrite, params: object): Promise<unknown>;
  protected abstract read(name: StoreRead, params: object): Promise<unknown>;
}

/** Has a method for each call of a store that is only its name and its parameters; how calls become transactions and queries is the store's own. */
export const StoreCalls = Calls as abstract new () => Calls & Pick<Store, StoreWrite | StoreRead>;
