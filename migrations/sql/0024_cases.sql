-- Cases: what moderators decide about something that users reported, or that the system found.
-- Nothing of a case is in a feed: only moderators ask for it, and the owner and admins of a group.

-- The current state of each case.
--
-- id               follows from the target, so there is one case for each.
-- kind             why the case was opened last: report, flag, held or flood.
-- target           the JSON object of the event. The next columns are its parts.
-- conversation     by name; null for a user.
-- seq              of a message.
-- about            the user whom the target names, by name: not necessarily a user of the read model.
-- author           whose doing the newest evidence is, if that says so.
-- opened_position  of the event that opened it last; pages are in this order.
-- reports          how many users have reported the target, ever.
CREATE TABLE read.cases (
    id              text        PRIMARY KEY,
    kind            text        NOT NULL,
    target          text        NOT NULL,
    conversation    text,
    seq             bigint,
    about           text,
    author          text,
    opened_position bigint      NOT NULL,
    opened_at       timestamptz NOT NULL,
    is_open         boolean     NOT NULL,
    reports         bigint      NOT NULL
);
CREATE INDEX cases_in_order ON read.cases (opened_position);
CREATE INDEX cases_by_state ON read.cases (is_open, opened_position);
CREATE INDEX cases_by_conversation ON read.cases (conversation, opened_position);

-- Every event of a case, in order.
--
-- type   the name of the event.
-- by     who reported or decided, by name.
-- note   what they wrote; null if nothing, or if it was erased.
-- data   its data, as JSON, without the note.
CREATE TABLE read.case_acts (
    case_id  text        NOT NULL,
    position bigint      NOT NULL,
    at       timestamptz NOT NULL,
    type     text        NOT NULL,
    by       text,
    note     text,
    data     text        NOT NULL,
    PRIMARY KEY (case_id, position)
);
CREATE INDEX case_notes_by_user ON read.case_acts (by) WHERE note IS NOT NULL;
