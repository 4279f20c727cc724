import { describeJourneys } from './describe-journeys.ts';
import { triggersJourney } from './journeys/triggers.ts';
import { childRunsJourney } from './journeys/child-runs.ts';

describeJourneys('runs that others start', [triggersJourney, childRunsJourney]);
