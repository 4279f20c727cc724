import { describeWithPostgres } from '../../../support/postgres-server.ts';
import { PostgresSchemas } from '../../../support/postgres-schemas.ts';
import { describeStore } from '../../../support/store-suite.ts';

// Without waiting for the disk: what a crash of the server does is tested elsewhere.
describeWithPostgres(
  'with a server',
  (server) => {
    let schemas: PostgresSchemas;
    before(async () => {
      schemas = new PostgresSchemas((await server().newDatabase()).url);
    });
    describeStore('the Postgres store', (folder, daemon) => schemas.store(folder, daemon === undefined ? {} : { daemon }), { isShared: true, modelRuns: 20 });
  },
  { fsync: false },
);
