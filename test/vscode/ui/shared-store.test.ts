import { describeWithPostgres } from '../../support/postgres-server.ts';
import { describeJourneys } from './describe-journeys.ts';
import { sharedStoreJourney } from './journeys/shared-store.ts';

describeWithPostgres('on a Postgres', (current) => {
  before(async () => {
    process.env['SLUICE_STORE'] = (await current().newDatabase()).url;
  });
  after(() => {
    delete process.env['SLUICE_STORE'];
  });
  describeJourneys('daemons that share a store', [sharedStoreJourney]);
});
