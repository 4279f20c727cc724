// The versions of the schema since runs start by themselves, after those of `schema.ts`.

/**
 * What started a run; the key that is given to a run once; and the schedules of workflows, with how far each has been decided
 * (`ledger/scheduling.ts`).
 */
export const schemaVersion14 = `
ALTER TABLE runs ADD COLUMN trigger_kind TEXT NOT NULL DEFAULT 'manual';
ALTER TABLE runs ADD COLUMN triggered_by TEXT;   -- JSON: what lists show besides the kind; NULL: nothing
ALTER TABLE runs ADD COLUMN trigger_value TEXT;  -- JSON: what expressions see as \`trigger\`; NULL: a person started it
ALTER TABLE runs ADD COLUMN run_key TEXT;
CREATE UNIQUE INDEX runs_key ON runs (workflow, run_key) WHERE run_key IS NOT NULL;

CREATE TABLE schedules (
  id INTEGER PRIMARY KEY,
  workflow TEXT NOT NULL,
  cron TEXT NOT NULL,
  timezone TEXT NOT NULL,
  declared_at INTEGER NOT NULL,    -- since when it is in the file as it is
  declaration TEXT NOT NULL,       -- JSON, as last seen
  decided_until INTEGER NOT NULL,  -- every time up to it has started a run, or was skipped
  paused INTEGER NOT NULL DEFAULT 0,
  removed INTEGER NOT NULL DEFAULT 0,  -- no file has it; kept as it is paused, and stays so if it comes back
  last_at INTEGER,                 -- the last time that started a run
  last_run INTEGER,
  missed INTEGER NOT NULL DEFAULT 0,  -- times that were skipped, since the last one that started a run
  missed_at INTEGER,               -- the last of them
  problem TEXT                     -- why the last time started no run
);
CREATE UNIQUE INDEX schedules_identity ON schedules (workflow, cron, timezone);
`;

/** Incoming webhooks, and the keys of their events, which outlive them. */
export const schemaVersion15 = `
CREATE TABLE deliveries (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  workflow TEXT NOT NULL,
  path TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  scheme TEXT NOT NULL,
  flaw TEXT,
  reason TEXT,
  run_id INTEGER,
  first_id INTEGER,
  rerun_of INTEGER,
  dedupe_key TEXT,
  bytes INTEGER NOT NULL,
  headers TEXT NOT NULL,
  query TEXT NOT NULL,
  body TEXT  -- NULL: not kept
);
CREATE INDEX deliveries_workflow ON deliveries (workflow, id);
CREATE INDEX deliveries_minor ON deliveries (workflow, id) WHERE outcome IN ('refused', 'duplicate');
CREATE TABLE delivery_keys (
  workflow TEXT NOT NULL,
  key TEXT NOT NULL,
  delivery_id INTEGER NOT NULL,
  run_id INTEGER,
  received_at INTEGER NOT NULL,
  PRIMARY KEY (workflow, key)
) WITHOUT ROWID;
CREATE INDEX delivery_keys_age ON delivery_keys (received_at);
`;

/** Jobs that wait for a time, an answer or a run, the answers to runs, and which job has made a run. */
export const schemaVersion16 = `
CREATE TABLE waits (
  job_id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,   -- 'time', 'signal' or 'run'
  attempt INTEGER NOT NULL,
  run_id INTEGER NOT NULL,
  name TEXT,            -- of the signal
  on_timeout TEXT,      -- 'fail' or 'continue'
  child_id INTEGER      -- the run that is waited for
);
CREATE INDEX waits_of_run ON waits (run_id, name);
CREATE TABLE signals (
  run_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  payload TEXT NOT NULL,
  answered_by TEXT NOT NULL,
  answered_at INTEGER NOT NULL,
  PRIMARY KEY (run_id, name)
) WITHOUT ROWID;
CREATE INDEX jobs_waiting ON jobs (due_at, id, queue_id) WHERE state = 'waiting';
ALTER TABLE runs ADD COLUMN parent_job INTEGER;
ALTER TABLE runs ADD COLUMN parent_run INTEGER;
ALTER TABLE runs ADD COLUMN depth INTEGER NOT NULL DEFAULT 0;
CREATE INDEX runs_parent ON runs (parent_run, id) WHERE parent_run IS NOT NULL;
CREATE INDEX runs_started_by_none ON runs (id) WHERE parent_run IS NULL;
`;

/** What a run computes once (`vars`), what it gives (`outputs`), and the runs with which it counts together (`concurrency`). */
export const schemaVersion17 = `
ALTER TABLE runs ADD COLUMN vars TEXT;
ALTER TABLE runs ADD COLUMN outputs TEXT;
ALTER TABLE runs ADD COLUMN concurrency_key TEXT;
ALTER TABLE runs ADD COLUMN gate TEXT;  -- 'waiting': for others with its key to end
CREATE INDEX runs_concurrency ON runs (workflow, concurrency_key, id) WHERE concurrency_key IS NOT NULL AND state = 'running';
`;

/** Runs that steps of a run have started, by their state, beside those that none has; and what a run waits for besides other runs. */
export const schemaVersion18 = `
CREATE INDEX runs_children ON runs (parent_run, state, id) WHERE parent_run IS NOT NULL;
CREATE INDEX runs_started_by_none_state ON runs (state, id) WHERE parent_run IS NULL;
CREATE INDEX waits_for_no_run ON waits (run_id) WHERE kind <> 'run';
`;

/** A schedule that was edited or removed stays until what was due by then is decided, beside the one that takes its place. */
export const schemaVersion19 = `
ALTER TABLE schedules ADD COLUMN ends_at INTEGER;  -- NULL: a file has it
DROP INDEX schedules_identity;
CREATE UNIQUE INDEX schedules_identity ON schedules (workflow, cron, timezone) WHERE ends_at IS NULL;
`;

/**
 * Links with which signals are answered: what is kept of each is the hash of its token, by the job that carries it. `link_key` in `meta` names the key by
 * which the tokens are made; another one makes others (`Writer`).
 */
export const schemaVersion20 = `
CREATE TABLE signal_links (
  job_id INTEGER NOT NULL,
  name TEXT NOT NULL,     -- of the signal
  run_id INTEGER NOT NULL,
  hash TEXT NOT NULL,     -- SHA-256, in hex
  made_at INTEGER NOT NULL,
  PRIMARY KEY (job_id, name)
) WITHOUT ROWID;
CREATE UNIQUE INDEX signal_links_hash ON signal_links (hash);
`;

/** Where an export of dead letters is written, see `engine/bulk-export.ts`. */
export const schemaVersion21 = `
ALTER TABLE bulks ADD COLUMN export_to TEXT;  -- JSON: file, format, overwrite
`;

/** Tokens of connections, see `ledger/token-lease.ts`. */
export const schemaVersion22 = `
CREATE TABLE connection_tokens (
  connection TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  sealed TEXT,            -- encrypted, see actions/auth/token-seal.ts
  leased_by INTEGER,      -- the daemon that fetches the next one
  leased_until INTEGER
) WITHOUT ROWID;
`;

/** How the file of a step's items is read, and what it turned out to be: JSON of `FileFormat` in `ledger/row.ts`. */
export const schemaVersion23 = `
ALTER TABLE steps ADD COLUMN file_format TEXT;
`;

/** Items of pages (`ledger/paging.ts`), and how far a step has read them. */
export const schemaVersion24 = `
ALTER TABLE steps ADD COLUMN pages TEXT;  -- 'open', 'complete' or 'cut'; NULL: it has none
CREATE TABLE staged_items (
  step_id INTEGER NOT NULL,
  first INTEGER NOT NULL,  -- the place of the first of them
  items TEXT NOT NULL,     -- JSON, one a line
  PRIMARY KEY (step_id, first)
);
`;

/** Who was told what of alerts, and what is on its way (`AlertBook`). */
export const schemaVersion25 = `
CREATE TABLE alert_books (
  name TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  content TEXT NOT NULL  -- JSON
) WITHOUT ROWID;
`;

/**
 * Limits of connections and what has started by them (`ledger/connection-limits.ts`), and which connection each job uses. Of jobs that may start, it stands in their payloads.
 */
export const schemaVersion26 = `
CREATE TABLE connections (
  name TEXT PRIMARY KEY,
  limits TEXT             -- JSON of ConnectionLimits; NULL: declared without
) WITHOUT ROWID;
CREATE TABLE connection_starts (
  connection TEXT NOT NULL,
  at REAL NOT NULL,
  job_id INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  counted_at REAL NOT NULL,   -- when it counts at the latest
  PRIMARY KEY (connection, at, job_id, attempt)
) WITHOUT ROWID;
CREATE INDEX connection_starts_counted ON connection_starts (connection, counted_at, at);
CREATE INDEX connection_starts_job ON connection_starts (job_id, attempt);
ALTER TABLE jobs ADD COLUMN connection TEXT;
UPDATE jobs SET connection = (SELECT p.payload ->> '$.connection' FROM payloads p WHERE p.job_id = jobs.id AND json_valid(p.payload))
WHERE state NOT IN ('succeeded', 'discarded') AND step_id IN (SELECT id FROM steps WHERE uses IN ('http/request', 'email/send'));
`;
