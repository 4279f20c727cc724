import type { Store } from './store.ts';

/** The methods of a store that do nothing but hand their parameters to its next transaction. */
export type StoreWrite =
  | 'configure'
  | 'forgetLimits'
  | 'moveQueue'
  | 'saveAlerts'
  | 'createRun'
  | 'expand'
  | 'failExpansion'
  | 'sweep'
  | 'promote'
  | 'continueRun'
  | 'cancelRun'
  | 'cancelJob'
  | 'replay'
  | 'recall'
  | 'saveDraft'
  | 'dropDraft'
  | 'retry'
  | 'discard'
  | 'prepareBulk'
  | 'advanceBulk'
  | 'continueBulk'
  | 'endBulk'
  | 'forgetBulks'
  | 'setQueue'
  | 'recordSeries'
  | 'shiftWaits'
  | 'prune'
  | 'probe';

/** What every store says of its writes; how they become transactions is its own. */
export abstract class StoreWrites implements Pick<Store, StoreWrite> {
  readonly configure: Store['configure'] = (params) => this.write('configure', params);
  readonly forgetLimits: Store['forgetLimits'] = (params) => this.write('forgetLimits', params);
  readonly moveQueue: Store['moveQueue'] = (params) => this.write('moveQueue', params);
  readonly saveAlerts: Store['saveAlerts'] = (params) => this.write('saveAlerts', params);
  readonly createRun: Store['createRun'] = (params) => this.write('createRun', params);
  readonly expand: Store['expand'] = (params) => this.write('expand', params);
  readonly failExpansion: Store['failExpansion'] = (params) => this.write('failExpansion', params);
  readonly sweep: Store['sweep'] = (params) => this.write('sweep', params);
  readonly promote: Store['promote'] = (params) => this.write('promote', params);
  readonly continueRun: Store['continueRun'] = (params) => this.write('continueRun', params);
  readonly cancelRun: Store['cancelRun'] = (params) => this.write('cancelRun', params);
  readonly cancelJob: Store['cancelJob'] = (params) => this.write('cancelJob', params);
  readonly replay: Store['replay'] = (params) => this.write('replay', params);
  readonly recall: Store['recall'] = (params) => this.write('recall', params);
  readonly saveDraft: Store['saveDraft'] = (params) => this.write('saveDraft', params);
  readonly dropDraft: Store['dropDraft'] = (params) => this.write('dropDraft', params);
  readonly retry: Store['retry'] = (params) => this.write('retry', params);
  readonly discard: Store['discard'] = (params) => this.write('discard', params);
  readonly prepareBulk: Store['prepareBulk'] = (params) => this.write('prepareBulk', params);
  readonly advanceBulk: Store['advanceBulk'] = (params) => this.write('advanceBulk', params);
  readonly continueBulk: Store['continueBulk'] = (params) => this.write('continueBulk', params);
  readonly endBulk: Store['endBulk'] = (params) => this.write('endBulk', params);
  readonly forgetBulks: Store['forgetBulks'] = (params) => this.write('forgetBulks', params);
  readonly setQueue: Store['setQueue'] = (params) => this.write('setQueue', params);
  readonly recordSeries: Store['recordSeries'] = (params) => this.write('recordSeries', params);
  readonly shiftWaits: Store['shiftWaits'] = (params) => this.write('shiftWaits', params);
  readonly prune: Store['prune'] = (params) => this.write('prune', params);
  readonly probe: Store['probe'] = (params) => this.write('probe', params);

  protected abstract write<Name extends StoreWrite>(name: Name, params: Parameters<Store[Name]>[0]): ReturnType<Store[Name]>;
}
