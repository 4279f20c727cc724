import { describeJourneys } from './describe-journeys.ts';
import { dashboardJourney } from './journeys/dashboard.ts';
import { twoWindowsJourney } from './journeys/two-windows.ts';
import { crashJourney } from './journeys/crash.ts';
import { goneJourney } from './journeys/gone.ts';

describeJourneys('daemons and windows', [dashboardJourney, twoWindowsJourney, crashJourney, goneJourney]);
