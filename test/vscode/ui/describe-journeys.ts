import assert from 'node:assert/strict';
import { Stage } from './stage.ts';

/** With the time it takes to make the package and, the first time, to install a VS Code. */
const openLimitMs = 8 * 60_000;
/** Several times what one takes on a machine that does nothing else. */
const journeyLimitMs = 8 * 60_000;

/** A journey is told where its stage is, which is only there while it runs. */
export type Journey = (staged: () => Stage) => void;

/** What a person does in one part of the product, in a VS Code of its own: other files' journeys run beside. */
export function describeJourneys(title: string, journeys: readonly Journey[]): void {
  describe(`in VS Code, with the package installed: ${title}`, function () {
    this.timeout(journeyLimitMs);
    let stage: Stage | undefined;

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

    for (const journey of journeys) {
      journey(() => {
        assert.ok(stage !== undefined);
        return stage;
      });
    }
  });
}
