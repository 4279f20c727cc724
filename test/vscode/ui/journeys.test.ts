import assert from 'node:assert/strict';
import { bulkWorkJourney } from './journeys/bulk-work.ts';
import { completionJourney } from './journeys/completion.ts';
import { crashJourney } from './journeys/crash.ts';
import { dashboardJourney } from './journeys/dashboard.ts';
import { deadLetterJourney } from './journeys/dead-letter.ts';
import { fillingQueueJourney } from './journeys/filling-queue.ts';
import { filterJourney } from './journeys/filter.ts';
import { firstRunJourney } from './journeys/first-run.ts';
import { twoWindowsJourney } from './journeys/two-windows.ts';
import { goneJourney } from './journeys/gone.ts';
import { hoverJourney } from './journeys/hover.ts';
import { refusalsJourney } from './journeys/refusals.ts';
import { triggersJourney } from './journeys/triggers.ts';
import { Stage } from './stage.ts';

/** With the time it takes to make the package and, the first time, to install a VS Code. */
const openLimitMs = 8 * 60_000;
/** Several times what one takes on a machine that does nothing else. */
const journeyLimitMs = 8 * 60_000;

describe('in VS Code, with the package installed', function () {
  this.timeout(journeyLimitMs);
  let stage: Stage | undefined;
  const staged = (): Stage => {
    assert.ok(stage !== undefined);
    return stage;
  };

  before(async function () {
    this.timeout(openLimitMs);
    stage = await Stage.open();
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await stage?.keepEvidence(this.currentTest.title);
    await stage?.closeWindows();
  });

  after(async () => {
    await stage?.close();
  });

  firstRunJourney(staged);
  completionJourney(staged);
  fillingQueueJourney(staged);
  deadLetterJourney(staged);
  dashboardJourney(staged);
  twoWindowsJourney(staged);
  crashJourney(staged);
  goneJourney(staged);
  refusalsJourney(staged);
  hoverJourney(staged);
  bulkWorkJourney(staged);
  filterJourney(staged);
  triggersJourney(staged);
});
