import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { parseDocument } from 'yaml';
import { buildProgram } from '../../../daemon/cli/program.ts';
import { Terminal } from '../../../daemon/cli/terminal.ts';
import { storePlaceOf } from '../../../daemon/store/store-place.ts';
import { analyseConfig, defaultConfig } from '../../../schemas/workflow/analysis/analyse-connections.ts';
import { codeBlocksOf, pages, root } from './doc-pages.ts';

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly hostname?: string;
  readonly command?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly volumes: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[]; readonly retries: number };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly stop_grace_period?: string;
}

interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

/** Docker isn't needed: what Compose would hand to the containers has to fit what Sluice and the image of Postgres read. */
describe('the compose file of docs/several-machines.md', () => {
  const page = pages.get('docs/several-machines.md') ?? '';
  const [block] = codeBlocksOf(page).filter(({ language }) => language === 'dockercompose');
  const document = parseDocument(block?.text ?? '', { merge: true, strict: true });
  const { services, volumes } = document.toJS() as ComposeFile;
  const { db, ...daemons } = services;

  it('is YAML, and has a database and two daemons', () => {
    assert.deepEqual([document.errors, document.warnings], [[], []]);
    assert.deepEqual([db?.image?.split(':')[0], Object.keys(daemons)], ['postgres', ['one', 'two']]);
  });

  it('asks the database for its health as the user, and of the database, that it makes', () => {
    const { POSTGRES_USER: user = '', POSTGRES_DB: name = '', POSTGRES_PASSWORD: password } = db?.environment ?? {};
    assert.deepEqual([password, db?.healthcheck?.test], ['${DB_PASSWORD}', ['CMD-SHELL', `pg_isready -U ${user} -d ${name}`]]);
    // With a data folder that is still to be made it takes longer than the three tries that Compose has by default.
    assert.ok((db?.healthcheck?.retries ?? 0) >= 10);
    for (const { depends_on: needs } of Object.values(daemons)) assert.deepEqual(needs, { db: { condition: 'service_healthy' } });
  });

  it('gives each daemon the same store, in the schema that the page declares', () => {
    const config = codeBlocksOf(page).find(({ language, text }) => language === 'yaml' && text.startsWith('store:'));
    const settings = analyseConfig(config?.text ?? '').value?.store;
    for (const { environment } of Object.values(daemons)) {
      const place = storePlaceOf({ settings, env: environment, secret: (secret) => ({ ok: true, value: environment[`SLUICE_SECRET_${secret}`] ?? '' }) });
      assert.ok(place.kind === 'postgres');
      const { username, password, hostname, port, pathname } = new URL(place.url.replace('${DB_PASSWORD}', 'pw'));
      assert.deepEqual([username, password, hostname, port, pathname.slice(1), place.schema], [db?.environment['POSTGRES_USER'], 'pw', 'db', '5432', db?.environment['POSTGRES_DB'], 'shop']);
    }
  });

  it('starts daemons by a command that exists, with a name, a state folder and a home of their own, and time to finish', () => {
    const stream = new PassThrough();
    const { command: program } = buildProgram(new Terminal({ stdout: stream, stderr: stream, stdin: stream, env: {}, cwd: '/' }));
    const mounts = Object.values(daemons).flatMap((service) => service.volumes);
    assert.equal(new Set([...mounts, ...(db?.volumes ?? [])].map((mount) => mount.split(':')[0])).size, mounts.length + 1);
    assert.deepEqual([...mounts, ...(db?.volumes ?? [])].map((mount) => mount.split(':')[0]).sort(), Object.keys(volumes).sort());
    for (const [name, { hostname, command = [], environment, volumes: mounted, stop_grace_period: grace }] of Object.entries(daemons)) {
      const [executable = '', verb = '', ...options] = command;
      assert.ok(existsSync(path.join(root, executable.replace('/opt/sluice/', ''))), executable);
      const called = program.commands.find((one) => one.name() === verb);
      const known = new Set([...program.options, ...(called?.options ?? [])].map(({ long }) => long));
      assert.deepEqual(options.filter((option) => option.startsWith('--') && !known.has(option)), []);
      const folder = options[options.indexOf('--project') + 1] ?? '';
      assert.equal(hostname, name);
      assert.deepEqual(mounted.map((mount) => mount.split(':')[1]), [`${folder}/.sluice/state`, environment['SLUICE_HOME']]);
      assert.ok(Number.parseInt(grace ?? '', 10) * 1000 > defaultConfig.graceMs, grace);
    }
  });
});
