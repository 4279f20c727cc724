import assert from 'node:assert/strict';
import { english } from '../../../schemas/wording/language.ts';
import type { Json } from '../../../schemas/workflow/json.ts';
import { readPostgresUrl } from '../../../schemas/workflow/sql/postgres-url.ts';
import { bindStatement, parameterProblem, statementProblem, type SqlDialect } from '../../../schemas/workflow/sql/sql-statement.ts';

const problem = (query: string, write = false): string | undefined => {
  const found = statementProblem(query, write);
  return found && `${found.start}: ${english.textOf(found.message)}`;
};
const fit = (query: string, params?: Json, dialect?: SqlDialect): string | undefined => {
  const found = parameterProblem(query, params, dialect);
  return found && `${found.start}: ${english.textOf(found.message)}`;
};

describe('a statement of sql/query', () => {
  it('is one, whatever is in its quotes and comments', () => {
    for (const query of [
      "select ';', \"a;b\", $$ ; $$, $tag$ ; $$ $tag$ -- ; select",
      'select 1 /* ; select /* 2 */ ; */ ;\n  -- nothing\n',
      "select E'it\\'s; fine', 'it''s; fine'",
      '(select 1) union select 2',
      'with a as (select 1) select * from a',
    ]) assert.equal(problem(query), undefined, query);
    assert.equal(problem('select 1; drop table people'), '10: Only one statement is run: a second one begins here. Give it a step of its own.');
    assert.equal(problem("select 'a\\'; drop table people; --'"), '13: Only one statement is run: a second one begins here. Give it a step of its own.');
    assert.match(String(problem("select 'open")), /^7: .*no end/);
    assert.match(String(problem('select $a$ open')), /^7: .*no end/);
    assert.match(String(problem('-- nothing')), /no statement/);
  });

  it('neither ends its transaction, nor sets what outlasts it, nor reaches other files', () => {
    for (const query of ['commit', 'END', '/* x */ rollback', 'begin', 'savepoint a', 'set search_path = x', 'PRAGMA journal_mode = off', "attach 'other.db' as o", "vacuum into 'copy.db'", "copy people to '/tmp/x'"]) {
      assert.match(String(problem(query, true)), /is not run/, query);
    }
  });

  it('that changes something says so', () => {
    assert.equal(problem('  delete from people'), '2: DELETE changes the database: say write: true if that is meant.');
    assert.equal(problem('delete from people', true), undefined);
    assert.equal(statementProblem('delete from people', undefined), undefined);
  });

  it('has a value for each place, and a place for each value', () => {
    assert.equal(fit('select $1, $2, $1', ['a', 'b']), undefined);
    assert.equal(fit('select ?, ?', ['a', 'b'], 'sqlite'), undefined);
    assert.equal(fit('select ?2, ?', ['a', 'b', 'c'], 'sqlite'), "0: The query has no place for value 1 of 'params': write $1 where it goes.");
    assert.equal(fit('select $1, $2', ['a']), "11: There is no value for $2: 'params' has 1 value.");
    assert.equal(fit('select $0', ['a']), "7: There is no value for $0: 'params' has 1 value.");
    assert.equal(fit('select 1', ['a']), '0: The query has no place for a value: write $1 where one goes.');
    assert.equal(fit('select :name::text, a[1:2], b := 1', { name: 'x' }), undefined);
    assert.equal(fit('select :nmae', { name: 'x' }), "8: 'params' has no `nmae`. Did you mean `name`?");
    assert.equal(fit('select $1', { name: 'x' }), "7: 'params' is a map, so a place for a value has a name: write :name.");
    assert.equal(fit('select :name', ['x']), "7: 'params' must be a map with `name`, since the query names its values.");
    assert.equal(fit('select data ? $1 from a', ['key'], 'postgres'), undefined);
  });

  it('is sent with numbers in place of names', () => {
    const params = { b: 1, a: 'x' };
    assert.deepEqual(bindStatement("select :a, ':a', :b, :a -- :a", params, 'postgres'), { text: "select $2, ':a', $1, $2 -- :a", values: [1, 'x'] });
    assert.deepEqual(bindStatement('select :a, :b', params, 'sqlite'), { text: 'select :p2, :p1', values: [1, 'x'] });
    assert.deepEqual(bindStatement('select ?, ?1, $2', ['x', 'y'], 'sqlite'), { text: 'select :p1, :p1, :p2', values: ['x', 'y'] });
  });
});

describe('a URL of Postgres', () => {
  it('says where it leads, and takes nothing from elsewhere', () => {
    assert.deepEqual(readPostgresUrl('postgres://ada:s%40fe@[::1]:5433/app?sslmode=require'), { host: '::1', port: 5433, user: 'ada', password: 's@fe', database: 'app', tls: 'verified', bindsChannel: false });
    assert.deepEqual(readPostgresUrl('postgresql://ada@localhost/app?host=/run/postgresql'), { host: '/run/postgresql', port: 5432, user: 'ada', password: '', database: 'app', tls: 'unsaid', bindsChannel: false });
    for (const url of ['mysql://a@b/c', 'postgres://host/db', 'postgres://a@b/c?sslrootcert=/dev/stdin', 'postgres://a@b/c?sslmode=prefer', 'postgres://a:%zz@b/c', 'nothing']) assert.ok('problem' in readPostgresUrl(url), url);
  });
});
