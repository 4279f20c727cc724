import { describeJourneys } from './describe-journeys.ts';
import { firstRunJourney } from './journeys/first-run.ts';
import { completionJourney } from './journeys/completion.ts';
import { refusalsJourney } from './journeys/refusals.ts';

describeJourneys('writing and running workflows', [firstRunJourney, completionJourney, refusalsJourney]);
