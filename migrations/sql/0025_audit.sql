-- The audit: who did or viewed what with the rights of an administrator, a moderator or a service.
-- There is a row for every event that names who called (log.events.actor), and one for every event
-- `access_recorded`, which records views and acts without another event.
--
-- Rows have ids, numbers and fixed words, and no text that somebody wrote. An erasure leaves them:
-- that an administrator acted on a user must stay known when the content is gone.
--
-- at       when the event was appended.
-- actor    who called.
-- act      the type of the event, or the act that was recorded.
-- target   what it was done to: a conversation, a user, a case, or the name of a rule; null if
--          nothing in particular.
-- detail   a JSON object: the fields of the event that say more, or the call that was recorded.
--
-- No release before this one has appended events with an actor, so there is nothing to fill it with.
CREATE TABLE read.audit (
    position bigint      PRIMARY KEY,
    at       timestamptz NOT NULL,
    actor    text        NOT NULL,
    act      text        NOT NULL,
    target   text,
    detail   text        NOT NULL
);
CREATE INDEX audit_by_actor ON read.audit (actor, position);
