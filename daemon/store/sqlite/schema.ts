/**
 * The tables, as the first migration makes them. States are the words of `schemas/protocol/state.ts`, times milliseconds since
 * the epoch, everything structured is JSON.
 *
 * Partial indexes keep claiming flat: what is due later, or has ended, isn't in the index that a claim reads.
 */
export const schemaVersion1 = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;

CREATE TABLE workflow_versions (
  version TEXT PRIMARY KEY,
  workflow TEXT NOT NULL,
  text TEXT NOT NULL,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE queues (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  paused INTEGER NOT NULL DEFAULT 0,
  rate TEXT,            -- JSON; 'null' says: no limit; NULL: as the file says
  concurrency INTEGER,  -- NULL: as the file says
  held_until INTEGER,
  definition TEXT       -- as last declared in a file without errors
);

CREATE TABLE rate_starts (
  queue_id INTEGER NOT NULL,
  at REAL NOT NULL,
  job_id INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  PRIMARY KEY (queue_id, at, job_id, attempt)
) WITHOUT ROWID;

CREATE TABLE runs (
  id INTEGER PRIMARY KEY,
  workflow TEXT NOT NULL,
  version TEXT NOT NULL,
  state TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  ended_at INTEGER,
  cancelling INTEGER NOT NULL DEFAULT 0,
  closing INTEGER NOT NULL DEFAULT 0,  -- its on-failure steps continue
  failed_before INTEGER NOT NULL DEFAULT 0,  -- on-failure has had its turn
  error TEXT,
  inputs TEXT NOT NULL
);
CREATE INDEX runs_state ON runs (state, id);
CREATE INDEX runs_workflow ON runs (workflow, id);

CREATE TABLE steps (
  id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL,
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  on_failure INTEGER NOT NULL,
  state TEXT NOT NULL,
  queue_id INTEGER NOT NULL,
  uses TEXT NOT NULL,
  is_foreach INTEGER NOT NULL,
  total INTEGER NOT NULL DEFAULT 0,
  succeeded INTEGER NOT NULL DEFAULT 0,
  dead INTEGER NOT NULL DEFAULT 0,
  cancelled INTEGER NOT NULL DEFAULT 0,
  discarded INTEGER NOT NULL DEFAULT 0,
  expanded INTEGER NOT NULL DEFAULT 0,
  cursor INTEGER NOT NULL DEFAULT 0,
  duplicates INTEGER NOT NULL DEFAULT 0,
  file TEXT,
  sweep TEXT,           -- 'cancel', 'fail' or 'reopen': what its open or cancelled jobs still have to follow
  started_at INTEGER,
  ended_at INTEGER,
  error TEXT,
  UNIQUE (run_id, position)
);
CREATE INDEX steps_unfinished ON steps (id) WHERE state = 'running' AND expanded = 0;
CREATE INDEX steps_sweep ON steps (id) WHERE sweep IS NOT NULL;

CREATE TABLE jobs (
  id INTEGER PRIMARY KEY,
  step_id INTEGER NOT NULL,
  queue_id INTEGER NOT NULL,
  state TEXT NOT NULL,
  priority INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  item_index INTEGER,
  item_key TEXT,
  revision INTEGER NOT NULL DEFAULT 1,
  round INTEGER NOT NULL DEFAULT 1,
  attempt INTEGER NOT NULL DEFAULT 0,    -- attempts begun, of all rounds
  tries INTEGER NOT NULL DEFAULT 0,      -- attempts charged in this round
  throttles INTEGER NOT NULL DEFAULT 0,  -- attempts of this round that the other side put off
  crashes INTEGER NOT NULL DEFAULT 0,    -- attempts of this round that a crash cut off
  cancel_requested INTEGER NOT NULL DEFAULT 0,
  swept INTEGER NOT NULL DEFAULT 0,      -- cancelled because a sibling died; while it is active: to be, unless it ends by itself
  started_at INTEGER,
  ended_at INTEGER,
  error TEXT
);
CREATE INDEX jobs_pending ON jobs (queue_id, priority DESC, due_at, id) WHERE state = 'pending';
CREATE INDEX jobs_delayed ON jobs (due_at, id, queue_id) WHERE state = 'delayed';
CREATE INDEX jobs_active ON jobs (id) WHERE state = 'active';
CREATE INDEX jobs_dead ON jobs (queue_id, ended_at) WHERE state = 'dead';
CREATE INDEX jobs_swept ON jobs (step_id) WHERE swept = 1;
CREATE UNIQUE INDEX jobs_item ON jobs (step_id, item_index);
CREATE UNIQUE INDEX jobs_key ON jobs (step_id, item_key) WHERE item_key IS NOT NULL;

CREATE TABLE payloads (
  job_id INTEGER PRIMARY KEY,
  payload TEXT NOT NULL,
  secrets TEXT,         -- SecretUse[]
  item TEXT,
  created_at INTEGER NOT NULL
);

-- Payloads that an edit has replaced.
CREATE TABLE payload_revisions (
  job_id INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  payload TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (job_id, revision)
) WITHOUT ROWID;

-- Attempts that have ended; the one under way is in its job.
CREATE TABLE attempts (
  job_id INTEGER NOT NULL,
  number INTEGER NOT NULL,
  round INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  state TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  output TEXT,
  error TEXT,
  request TEXT,
  response TEXT,
  PRIMARY KEY (job_id, number)
) WITHOUT ROWID;
`;

/** Dead letters by what failed, so that a hundred thousand of them are counted by cause without reading one. */
export const schemaVersion2 = `
CREATE INDEX jobs_dead_cause ON jobs (queue_id, error ->> '$.cause', ended_at, id) WHERE state = 'dead';
`;

/**
 * What queues did, in steps of ten seconds and of five minutes. A step in which nothing happened has no row: its depths are those of the
 * row before.
 */
export const schemaVersion3 = `
CREATE TABLE series (
  step_ms INTEGER NOT NULL,
  queue_id INTEGER NOT NULL,
  at INTEGER NOT NULL,
  pending INTEGER NOT NULL,
  delayed INTEGER NOT NULL,
  active INTEGER NOT NULL,
  dead INTEGER NOT NULL,
  arrivals INTEGER NOT NULL,
  completions INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  waited INTEGER NOT NULL,          -- attempts that started
  waited_ms REAL NOT NULL,
  longest_wait_ms REAL NOT NULL,
  ran INTEGER NOT NULL,             -- attempts that ended
  ran_ms REAL NOT NULL,
  longest_run_ms REAL NOT NULL,
  PRIMARY KEY (step_ms, queue_id, at)
) WITHOUT ROWID;
`;

/** Why dead letters were discarded, where somebody said so. */
export const schemaVersion4 = `
ALTER TABLE jobs ADD COLUMN discard_reason TEXT;
`;

/** Why a queue is held: JSON of `HoldReason`. */
export const schemaVersion5 = `
ALTER TABLE queues ADD COLUMN held_by TEXT;
`;

/**
 * Edited payloads that were saved and not sent yet, and dead letters by what their answers say. `failure_group()` is a function of the
 * program that migrates: what died before gets its group as well.
 */
export const schemaVersion6 = `
CREATE TABLE payload_drafts (
  job_id INTEGER PRIMARY KEY,
  revision INTEGER NOT NULL,  -- the number that it has once it is sent
  saved_at INTEGER NOT NULL,
  saved_by TEXT,
  payload TEXT NOT NULL
);
ALTER TABLE jobs ADD COLUMN last_revision INTEGER;  -- the highest number that a draft has had; NULL: none yet
ALTER TABLE payload_revisions ADD COLUMN secrets TEXT;
ALTER TABLE jobs ADD COLUMN failure_group TEXT;  -- of a dead letter
UPDATE jobs SET failure_group = failure_group(
  (SELECT s.uses FROM steps s WHERE s.id = jobs.step_id), error,
  (SELECT a.response FROM attempts a WHERE a.job_id = jobs.id ORDER BY a.number DESC LIMIT 1)
) WHERE state = 'dead';
DROP INDEX jobs_dead_cause;
CREATE INDEX jobs_dead_group ON jobs (queue_id, failure_group, ended_at, id) WHERE state = 'dead';
`;

/** What the attempts of a job have achieved so far, and what should be known of one that succeeded. */
export const schemaVersion7 = `
ALTER TABLE jobs ADD COLUMN progress TEXT;
ALTER TABLE jobs ADD COLUMN warning TEXT;
ALTER TABLE steps ADD COLUMN warnings INTEGER NOT NULL DEFAULT 0;
`;

/** Which replay with a rate a job belongs to, until it is claimed. */
export const schemaVersion8 = `
ALTER TABLE jobs ADD COLUMN pace INTEGER;
CREATE INDEX jobs_paced ON jobs (pace, due_at) WHERE pace IS NOT NULL;
`;

/** Runs that take so many items of each `foreach` of their main steps and then wait until somebody lets the rest go. NULL: they take all. */
export const schemaVersion9 = `
ALTER TABLE steps ADD COLUMN item_limit INTEGER;
`;

/** Alerts that are raised, so that one that continues over a restart is the same one. */
export const schemaVersion10 = `
CREATE TABLE alerts (
  queue TEXT NOT NULL,
  kind TEXT NOT NULL,
  severity TEXT NOT NULL,
  since INTEGER NOT NULL,
  peak REAL NOT NULL,
  peak_at INTEGER NOT NULL,
  PRIMARY KEY (queue, kind)
) WITHOUT ROWID;
`;

/** Work on many jobs that were selected once, see `bulk-call.ts`. */
export const schemaVersion11 = `
CREATE TABLE bulks (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  action TEXT NOT NULL,
  state TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  total INTEGER NOT NULL DEFAULT 0,
  done INTEGER NOT NULL DEFAULT 0,
  skipped INTEGER NOT NULL DEFAULT 0,
  edited INTEGER NOT NULL DEFAULT 0,
  taken_back INTEGER NOT NULL DEFAULT 0,
  cursor INTEGER NOT NULL DEFAULT 0,  -- the last job that it has come to
  hold_after INTEGER,
  rate TEXT,
  spacing_ms REAL NOT NULL,
  last_due_at INTEGER,
  originals INTEGER NOT NULL,
  reason TEXT,
  problem TEXT
);
CREATE TABLE bulk_jobs (
  bulk_id INTEGER NOT NULL,
  job_id INTEGER NOT NULL,
  round INTEGER,  -- of the job, when it had been acted on; NULL: it hasn't been
  PRIMARY KEY (bulk_id, job_id)
) WITHOUT ROWID;
`;

/**
 * Cancelling and `on-failure` under plain names, as the state machines have them (`daemon/core/state-machine.ts`). A job has one cause to be cancelled
 * instead of two flags, of which the person's was the one that counted.
 */
export const schemaVersion12 = `
ALTER TABLE runs RENAME COLUMN cancelling TO cancel_requested;
ALTER TABLE runs ADD COLUMN on_failure_state TEXT NOT NULL DEFAULT 'waiting';  -- 'waiting', 'running' or 'ended'
UPDATE runs SET on_failure_state = CASE closing WHEN 1 THEN 'running' ELSE 'ended' END WHERE failed_before = 1 OR closing = 1;
ALTER TABLE runs DROP COLUMN closing;
ALTER TABLE runs DROP COLUMN failed_before;

DROP INDEX steps_sweep;
ALTER TABLE steps RENAME COLUMN sweep TO cascade;  -- 'cancelling', 'failing' or 'reopening'
UPDATE steps SET cascade = CASE cascade WHEN 'cancel' THEN 'cancelling' WHEN 'fail' THEN 'failing' ELSE 'reopening' END WHERE cascade IS NOT NULL;
CREATE INDEX steps_cascade ON steps (id) WHERE cascade IS NOT NULL;

DROP INDEX jobs_swept;
ALTER TABLE jobs ADD COLUMN cancel_cause TEXT;  -- 'person' or 'sibling'; of an active job: why no other attempt follows
UPDATE jobs SET cancel_cause = CASE WHEN swept = 1 AND cancel_requested = 0 THEN 'sibling' ELSE 'person' END
WHERE state = 'cancelled' OR (state = 'active' AND (swept = 1 OR cancel_requested = 1));
ALTER TABLE jobs DROP COLUMN swept;
ALTER TABLE jobs DROP COLUMN cancel_requested;
CREATE INDEX jobs_cancelled_by_sibling ON jobs (step_id) WHERE cancel_cause = 'sibling';
`;

/**
 * Whose an active job is, and who prepares bulk work: the number of one of the daemons that share the store. An embedded store has one, which is 0, so
 * everything that was there is its own.
 */
export const schemaVersion13 = `
ALTER TABLE jobs ADD COLUMN daemon INTEGER NOT NULL DEFAULT 0;
ALTER TABLE bulks ADD COLUMN daemon INTEGER NOT NULL DEFAULT 0;
`;
