import { describeBulk } from './store-suite/bulk.ts';
import { describeCancelling } from './store-suite/cancelling.ts';
import { describeChildRuns } from './store-suite/child-runs.ts';
import { describeClaiming } from './store-suite/claiming.ts';
import { describeConnections } from './store-suite/connections.ts';
import { describeDelivering } from './store-suite/delivering.ts';
import { describeDrafting } from './store-suite/drafting.ts';
import { describeEvaluating } from './store-suite/evaluating.ts';
import { describeScheduling } from './store-suite/scheduling.ts';
import { describeStarting } from './store-suite/starting.ts';
import { describeFanningOut } from './store-suite/fanning-out.ts';
import { describeKeepingTokens } from './store-suite/keeping-tokens.ts';
import { describeLooking } from './store-suite/looking.ts';
import { describeModel } from './store-suite/model.ts';
import { describeOutcomes } from './store-suite/outcomes.ts';
import { describePagesInAnyOrder, describePaging } from './store-suite/paging.ts';
import { describeReplaying } from './store-suite/replaying.ts';
import { describeRunValues } from './store-suite/run-values.ts';
import { describeRetrying } from './store-suite/retrying.ts';
import { describeAlerting } from './store-suite/alerting.ts';
import { describeSignalLinks } from './store-suite/signal-links.ts';
import { describeSeries } from './store-suite/series.ts';
import { describeSharing } from './store-suite/sharing.ts';
import { describeWaiting } from './store-suite/waiting.ts';
import { StoreBench, type StoreInFolder } from './store-suite/store-bench.ts';

/**
 * What every store has to keep, whatever it is made of. `open` gives a store on what the folder names, not opened yet; after
 * each test its own check has to find nothing, and the depths that it told have to be those of its jobs. `modelRuns`: random
 * sequences of operations to try. `isShared`: several daemons can have it open.
 */
export function describeStore(name: string, open: StoreInFolder, { modelRuns = 100, isShared = false }: { readonly modelRuns?: number; readonly isShared?: boolean } = {}): void {
  describe(name, () => {
    let bench: StoreBench;
    beforeEach(async () => {
      bench = new StoreBench(open);
      await bench.open();
    });
    afterEach(async function () {
      try {
        if (this.currentTest?.state === 'passed') await bench.assertSound();
      } finally {
        await bench.dispose();
      }
    });
    const current = (): StoreBench => bench;
    describe('claiming', () => describeClaiming(current));
    describe('outcomes', () => describeOutcomes(current));
    describe('fan-out', () => describeFanningOut(current));
    describe('pages', () => describePaging(current));
    describe('cancelling', () => describeCancelling(current));
    describe('values, outputs and concurrency of runs', () => describeRunValues(current));
    describe('replay and discard', () => describeReplaying(current));
    describe('edits that are saved', () => describeDrafting(current));
    describe('bulk work', () => describeBulk(current));
    describe('retrying immediately', () => describeRetrying(current));
    describe('waiting', () => describeWaiting(current));
    describe('waiting for an answer by a link', () => describeSignalLinks(current));
    describe('waiting for a run', () => describeChildRuns(current));
    describe('alerts', () => describeAlerting(current));
    describe('series', () => describeSeries(current));
    describe('looking and pruning', () => describeLooking(current));
    describe('schedules', () => describeScheduling(current));
    describe('starting runs', () => describeStarting(current));
    describe('deliveries', () => describeDelivering(current));
    describe('tokens of connections', () => describeKeepingTokens(current, isShared ? open : undefined));
    describe('evaluating expressions', () => describeEvaluating(current));
    describe('limits of connections', () => describeConnections(current, isShared ? open : undefined));
    describe('daemons', () => describeSharing(current, isShared ? open : undefined));
    describe('anything in any order', () => describeModel(open, modelRuns));
    describe('pages in any order', () => describePagesInAnyOrder(open, Math.ceil(modelRuns / 4)));
  });
}
