-- What providers answered to pushes, for operators who ask whether devices are reached. The metric
-- `tidings_push_total` has the same since the start of each process.
--
-- The dispatcher adds its attempts together with their results, in one statement for all results of
-- a moment, so a push costs no statement of its own. Rows are kept for 30 days.
--
-- hour       the hour in UTC in which the results were stored.
-- outcome    accepted, gone, unavailable, throttled, misconfigured or rejected.
-- last_at    of the last of these attempts.
-- error      why the last of them failed, without the token; null if they did not.
CREATE TABLE push.outcomes (
    hour     timestamptz NOT NULL,
    provider text        NOT NULL,
    outcome  text        NOT NULL,
    attempts bigint      NOT NULL,
    last_at  timestamptz NOT NULL,
    error    text,
    PRIMARY KEY (hour, provider, outcome)
) WITH (fillfactor = 50);
