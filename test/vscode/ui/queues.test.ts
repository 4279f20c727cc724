import { describeJourneys } from './describe-journeys.ts';
import { fillingQueueJourney } from './journeys/filling-queue.ts';
import { hoverJourney } from './journeys/hover.ts';
import { bulkWorkJourney } from './journeys/bulk-work.ts';

describeJourneys('queues', [fillingQueueJourney, hoverJourney, bulkWorkJourney]);
