-- Restored messages, cleared conversations and pins.

-- cleared_seq   the last seq that the user has cleared from their own view, 0 if there is none. It
--               hides those messages from this user alone, and outlasts the membership.
ALTER TABLE read.members ADD COLUMN cleared_seq bigint NOT NULL DEFAULT 0;
ALTER TABLE read.member_history ADD COLUMN cleared_seq bigint NOT NULL DEFAULT 0;

-- restored   whether a recall of the message was ever undone.
ALTER TABLE read.messages ADD COLUMN restored boolean NOT NULL DEFAULT false;
-- The messages that are recalled, and those that may have been at an earlier position.
DROP INDEX read.messages_recalled;
CREATE INDEX messages_recalled ON read.messages (conversation, seq) WHERE recalled OR restored;

-- When a message was recalled, and when it was restored: the values alternate. The erasure of a
-- message that is not recalled counts as a recall.
ALTER TABLE read.recall_history ADD COLUMN recalled boolean NOT NULL DEFAULT true;
ALTER TABLE read.recall_history DROP CONSTRAINT recall_history_pkey;
ALTER TABLE read.recall_history ADD PRIMARY KEY (conversation, seq, position);

-- The pinned messages of a conversation, now and before.
--
-- position      when it was pinned.
-- unpinned_at   the position at which it was unpinned; null while it is pinned.
CREATE TABLE read.pins (
    conversation bigint NOT NULL,
    seq          bigint NOT NULL,
    position     bigint NOT NULL,
    unpinned_at  bigint,
    PRIMARY KEY (conversation, seq, position)
);
CREATE INDEX pins_now ON read.pins (conversation, position) WHERE unpinned_at IS NULL;
