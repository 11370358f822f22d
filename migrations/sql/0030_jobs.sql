-- Long work that administrators start over HTTP: rebuilding the read models or the search index,
-- and verifying them or the seals. What they do has locks of its own, which commands on the machine
-- respect too; this table is for who asks how far the work has come, in any process.
CREATE SCHEMA jobs;

CREATE TABLE jobs.jobs (
    id             uuid        PRIMARY KEY,
    kind           text        NOT NULL CHECK (kind IN ('rebuild', 'verify')),
    subject        text        NOT NULL CHECK (subject IN ('read_models', 'search', 'seals')),
    -- Where it has come to the end of its process, it still says `running`, and `updated_at` is old.
    state          text        NOT NULL DEFAULT 'running'
        CHECK (state IN ('running', 'done', 'failed', 'stopped', 'interrupted')),
    -- Of the events or messages.
    done           bigint      NOT NULL DEFAULT 0,
    total          bigint      NOT NULL DEFAULT 0,
    started_by     text        COLLATE "C" NOT NULL,
    started_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- The process that runs it writes this every second.
    updated_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at       timestamptz,
    stop_requested boolean     NOT NULL DEFAULT false,
    -- The outcome as JSON, or why it failed.
    result         text,
    error          text
);

-- One at a time.
CREATE UNIQUE INDEX one_running ON jobs.jobs ((true)) WHERE state = 'running';
