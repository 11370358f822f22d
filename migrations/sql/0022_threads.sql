-- Threads: replies that belong to one message, their root. A reply is a message like any other, so
-- the replies of a root, their number and what is unread are read from read.messages.

-- thread   the seq of the root; null for a message that is not a reply in a thread.
ALTER TABLE read.messages ADD COLUMN thread bigint;
CREATE INDEX messages_by_thread ON read.messages (conversation, thread, seq)
    INCLUDE (sender, position, type, recalled) WHERE thread IS NOT NULL;

-- Who writes in a thread, started it or is mentioned in it follows it.
CREATE INDEX messages_by_thread_sender ON read.messages (sender, conversation, thread)
    WHERE thread IS NOT NULL;
CREATE INDEX messages_by_mention ON read.messages USING gin ((mentions::jsonb)) WHERE mentions IS NOT NULL;

-- What users did with threads, one row for each event of their mailboxes. The newest row with
-- `followed`, and the highest `read_seq`, are in effect.
--
-- followed   whether the user followed the thread or no longer follows it; null in a row about
--            reading.
-- read_seq   the last seq that the user marked as read in the thread; null in a row about following.
CREATE TABLE read.thread_marks (
    user_id      bigint NOT NULL,
    conversation bigint NOT NULL,
    root         bigint NOT NULL,
    position     bigint NOT NULL,
    followed     boolean,
    read_seq     bigint,
    PRIMARY KEY (user_id, conversation, root, position)
);
