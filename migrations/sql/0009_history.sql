-- What the read models were: enough to answer a query as it would have been answered at any earlier
-- position. What messages, stays and versions say of the past themselves is not said again here; in
-- particular an own message moves the sender's marks without a row.
--
-- past_from   the tables below are complete from this position on: 0 in tables that were folded from the
--             beginning of the log, else where they were when the tables below were made.
ALTER TABLE read.checkpoint ADD COLUMN past_from bigint NOT NULL DEFAULT 0;
UPDATE read.checkpoint SET past_from = position;

-- A member after each event that changed more than an own message does. The columns are those of
-- `read.members`.
CREATE TABLE read.member_history (
    conversation bigint      NOT NULL,
    user_id      bigint      NOT NULL,
    position     bigint      NOT NULL,
    present      boolean     NOT NULL,
    role         text        NOT NULL,
    joined_at    timestamptz NOT NULL,
    joined_order bigint      NOT NULL,
    joined_seq   bigint      NOT NULL,
    read_seq     bigint      NOT NULL,
    read_high    bigint      NOT NULL,
    muted        boolean     NOT NULL,
    pinned       boolean     NOT NULL,
    archived     boolean     NOT NULL,
    mentions     boolean     NOT NULL,
    PRIMARY KEY (conversation, user_id, position)
);
INSERT INTO read.member_history
SELECT m.conversation, m.user_id, k.position, m.present, m.role, m.joined_at, m.joined_order, m.joined_seq,
       m.read_seq, m.read_high, m.muted, m.pinned, m.archived, m.mentions
FROM read.members m CROSS JOIN read.checkpoint k;

-- A conversation after each event that changed what is told of it, messages apart.
--
-- activity   as in `read.conversations`; counts only as long as there is no message.
CREATE TABLE read.conversation_history (
    conversation bigint NOT NULL,
    position     bigint NOT NULL,
    activity     bigint NOT NULL,
    title        text,
    history      text   NOT NULL,
    member_count bigint NOT NULL,
    PRIMARY KEY (conversation, position)
);
INSERT INTO read.conversation_history
SELECT c.id, k.position, c.activity, c.title, c.history, c.member_count
FROM read.conversations c CROSS JOIN read.checkpoint k;

-- When a message was recalled. One that is not here and is recalled was so before `past_from`.
CREATE TABLE read.recall_history (
    conversation bigint NOT NULL,
    seq          bigint NOT NULL,
    position     bigint NOT NULL,
    PRIMARY KEY (conversation, seq)
);

-- When somebody reacted, and took it back.
CREATE TABLE read.reaction_history (
    conversation bigint  NOT NULL,
    seq          bigint  NOT NULL,
    key          text    NOT NULL,
    user_id      bigint  NOT NULL,
    position     bigint  NOT NULL,
    added        boolean NOT NULL,
    PRIMARY KEY (conversation, seq, key, user_id, position)
);
INSERT INTO read.reaction_history
SELECT r.conversation, r.seq, r.key, r.user_id, r.position, true FROM read.reactions r;

-- When a device of a user acknowledged what.
CREATE TABLE read.ack_history (
    user_id  bigint NOT NULL,
    position bigint NOT NULL,
    cursor   bigint NOT NULL,
    PRIMARY KEY (user_id, position)
);
INSERT INTO read.ack_history
SELECT d.user_id, d.position, d.cursor FROM read.devices d;

-- One's last message in a conversation, before any position.
DROP INDEX read.messages_by_sender;
CREATE INDEX messages_by_sender ON read.messages (sender, conversation, position);
