import { describeJourneys } from './describe-journeys.ts';
import { deadLetterJourney } from './journeys/dead-letter.ts';
import { filterJourney } from './journeys/filter.ts';

describeJourneys('dead letters', [deadLetterJourney, filterJourney]);
