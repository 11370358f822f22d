-- The read models: what the query API serves. Written by the projector alone, all of it foldable
-- from the log again. No table here has a sequence, a default from the clock or a foreign key, so
-- that folding the same log twice gives the same rows, byte for byte.
--
-- Users and conversations are numbered in the order in which the log first names them.

CREATE SCHEMA read;

-- How far this read model is, and what it needs to go on. One row.
--
-- position     the last event folded. Rows and this number change in one transaction.
-- floor        sync entries at or before this position are no longer kept (the offline window);
--              an older cursor is told so.
-- users, conversations   how many have been numbered.
-- generation   which build of the read model this is: a projector that finds another one than it
--              knows throws away what it remembers.
-- event_time   the time of the event at `position`: lag in seconds.
CREATE TABLE read.checkpoint (
    one           boolean     PRIMARY KEY DEFAULT true CHECK (one),
    position      bigint      NOT NULL,
    floor         bigint      NOT NULL,
    users         bigint      NOT NULL,
    conversations bigint      NOT NULL,
    generation    bigint      NOT NULL,
    event_time    timestamptz NOT NULL
) WITH (fillfactor = 10);

INSERT INTO read.checkpoint VALUES (true, 0, 0, 0, 0, 1, 'epoch');

-- sequence   the last event of this user's mailbox that was folded, 0 if there was none.
CREATE TABLE read.users (
    id       bigint PRIMARY KEY,
    name     text   NOT NULL UNIQUE,
    sequence bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 70);

-- countable         messages that are not control messages, sent so far: with `messages.ordinal`,
--                   counting unread is a subtraction.
-- last_seq          the newest message that is not a control message, null if there is none.
-- activity          the position of that message, else of the creation: the order of the inbox.
-- unfanned          the position of the newest sync entry that was not fanned out to its members,
--                   0 if all were: whether a sync has to look here at all.
-- head_position     the position of the newest message of any type, 0 if there is none.
-- joins             how often somebody joined: the newest `members.joined_order`.
-- sequence          the last event of this conversation that was folded.
CREATE TABLE read.conversations (
    id           bigint      PRIMARY KEY,
    name         text        NOT NULL UNIQUE,
    kind         text        NOT NULL,
    title        text,
    history      text        NOT NULL,
    created_at   timestamptz NOT NULL,
    member_count bigint      NOT NULL,
    head_seq     bigint      NOT NULL,
    countable    bigint      NOT NULL,
    last_seq     bigint,
    activity     bigint      NOT NULL,
    unfanned     bigint      NOT NULL,
    head_position bigint     NOT NULL DEFAULT 0,
    joins        bigint      NOT NULL DEFAULT 0,
    sequence     bigint      NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

-- Who is, or was, in a conversation. A former member's row stays, with present = false.
--
-- joined_order      1, 2, 3, ... over the joins of this conversation, in the order of the log;
--                   members are listed in it.
-- joined_seq        the head when the present stay began.
-- read_seq          the read mark, absolute.
-- read_high         the highest read mark there ever was, over all stays: receipts never take a
--                   "read" back. Own sends and joins raise it like reads do.
-- own_seq           the newest message that this member sent, in whichever stay; 0 if there is none.
CREATE TABLE read.members (
    conversation bigint      NOT NULL,
    user_id      bigint      NOT NULL,
    present      boolean     NOT NULL,
    role         text        NOT NULL,
    joined_at    timestamptz NOT NULL,
    joined_order bigint      NOT NULL,
    joined_seq   bigint      NOT NULL,
    read_seq     bigint      NOT NULL,
    read_high    bigint      NOT NULL,
    own_seq      bigint      NOT NULL,
    muted        boolean     NOT NULL,
    pinned       boolean     NOT NULL,
    archived     boolean     NOT NULL,
    PRIMARY KEY (conversation, user_id)
) WITH (fillfactor = 70);
CREATE INDEX members_by_user ON read.members (user_id, conversation) WHERE present;
-- A former member is still served the entry that ended the stay.
CREATE INDEX members_gone ON read.members (user_id, conversation) WHERE NOT present;
CREATE INDEX members_in_order ON read.members (conversation, joined_order) WHERE present;

-- When a user was in a conversation. Both ends belong to the stay: the entry that began it and the
-- one that ended it are the member's own. The visibility rule is made of these rows.
--
-- after_seq, until_seq   the messages of the stay: after_seq < seq <= until_seq.
CREATE TABLE read.stays (
    conversation  bigint NOT NULL,
    user_id       bigint NOT NULL,
    from_position bigint NOT NULL,
    to_position   bigint,
    after_seq     bigint NOT NULL,
    until_seq     bigint,
    PRIMARY KEY (conversation, user_id, from_position)
) WITH (fillfactor = 70);
-- An ack asks where its user is.
CREATE INDEX stays_by_user ON read.stays (user_id, from_position);

-- The messages as they are now.
--
-- type, body, original   as sent; body is null once recalled; original is the first body of a
--                        message that was edited and not recalled.
-- mentions               user ids as a JSON array of text, null if none.
-- ordinal                how many countable messages the conversation had up to and with this one.
-- fanned                 whether members have inbox rows for it.
CREATE TABLE read.messages (
    conversation bigint      NOT NULL,
    seq          bigint      NOT NULL,
    position     bigint      NOT NULL,
    sender       bigint      NOT NULL,
    sent_at      timestamptz NOT NULL,
    ordinal      bigint      NOT NULL,
    reply_to     bigint,
    edited_at    timestamptz,
    recalled     boolean     NOT NULL,
    fanned       boolean     NOT NULL,
    type         text        NOT NULL,
    body         text,
    original     text,
    mentions     text,
    PRIMARY KEY (conversation, seq)
);
CREATE INDEX messages_by_sender ON read.messages (sender, position);
CREATE INDEX messages_recalled ON read.messages (conversation, seq) WHERE recalled;
-- For the merge of what was not fanned out, and for acks, which speak of positions.
CREATE INDEX messages_by_position ON read.messages (conversation, position);
CREATE INDEX messages_mentioning ON read.messages (conversation, seq) WHERE mentions IS NOT NULL;

-- The bodies that a message got by edits, null after a recall.
CREATE TABLE read.versions (
    conversation bigint      NOT NULL,
    seq          bigint      NOT NULL,
    position     bigint      NOT NULL,
    at           timestamptz NOT NULL,
    body         text,
    PRIMARY KEY (conversation, seq, position)
);

CREATE TABLE read.reactions (
    conversation bigint NOT NULL,
    seq          bigint NOT NULL,
    key          text   NOT NULL,
    user_id      bigint NOT NULL,
    position     bigint NOT NULL,
    PRIMARY KEY (conversation, seq, key, user_id)
);

-- Sync entries other than sent messages: what happened, as the client is told.
--
-- subject   the user it is about: for member_removed, who is gone.
-- seq       the message it is about, if it is about one.
-- data      the entry's data as JSON; for message_edited null, the message itself is served.
CREATE TABLE read.timeline (
    conversation bigint      NOT NULL,
    position     bigint      NOT NULL,
    at           timestamptz NOT NULL,
    fanned       boolean     NOT NULL,
    subject      bigint,
    seq          bigint,
    type         text        NOT NULL,
    data         text,
    PRIMARY KEY (conversation, position)
);
CREATE INDEX timeline_unfanned ON read.timeline (conversation, position) WHERE NOT fanned;
CREATE INDEX timeline_age ON read.timeline USING brin (position) WITH (autosummarize = on);

-- Who is to be told of what: a user's inbox is that user's slice of the log. One slim row for each
-- member of a small conversation; members of a large one read its messages and timeline instead.
--
-- seq   for message_sent the message; null for what stands in `timeline`.
CREATE TABLE read.inbox (
    user_id      bigint NOT NULL,
    position     bigint NOT NULL,
    conversation bigint NOT NULL,
    seq          bigint,
    PRIMARY KEY (user_id, position, conversation)
);
CREATE INDEX inbox_age ON read.inbox USING brin (position) WITH (autosummarize = on);

CREATE TABLE read.devices (
    user_id  bigint      NOT NULL,
    device   text        NOT NULL,
    cursor   bigint      NOT NULL,
    position bigint      NOT NULL,
    acked_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, device)
) WITH (fillfactor = 70);

CREATE TABLE read.blocks (
    user_id bigint NOT NULL,
    blocked bigint NOT NULL,
    PRIMARY KEY (user_id, blocked)
);

-- Events that could not be folded (poison), the later events of the same conversation or mailbox,
-- which wait behind them, and what mailboxes say of such a conversation meanwhile. Nothing is skipped in silence: they are counted, shown, and folded by a rebuild
-- with a program that understands them.
CREATE TABLE read.parked (
    position     bigint PRIMARY KEY,
    source       text   NOT NULL,
    event_type   text   NOT NULL,
    poison       boolean NOT NULL,
    reason       text   NOT NULL
);
CREATE INDEX parked_by_source ON read.parked (source);
