-- Which conversation uses which file. The sums of what files occupy were made from all messages with
-- files, which took seconds; they are made from this table, which has what they need and no more.
--
-- A row exists if the file is stored and at least one message of the conversation uses it: one that
-- is neither recalled nor erased nor, in a direct conversation, cleared by both users; or one that
-- waits to be sent. The projector does not count uses: after each batch it looks again at the pairs
-- that the batch has touched. What decides whether a file may be deleted are still the messages
-- themselves.
--
-- size   of the file, in bytes.
CREATE TABLE read.file_uses (
    file         text   NOT NULL,
    conversation bigint NOT NULL,
    size         bigint NOT NULL,
    PRIMARY KEY (file, conversation) INCLUDE (size)
);

-- The projector asks whether a message of a conversation uses a file, which may be a popular one.
DROP INDEX read.messages_by_file;
CREATE INDEX messages_by_file ON read.messages (file, conversation, seq) WHERE file IS NOT NULL;

INSERT INTO read.file_uses (file, conversation, size)
SELECT u.file, u.conversation, f.size
FROM (SELECT g.file, g.conversation
      FROM read.messages g JOIN read.conversations c ON c.id = g.conversation
      WHERE g.file IS NOT NULL AND NOT g.recalled AND (c.kind <> 'direct' OR EXISTS (
          SELECT FROM read.members m WHERE m.conversation = g.conversation AND m.present
          AND m.cleared_seq < g.seq))
      UNION SELECT s.file, s.conversation FROM read.scheduled s WHERE s.file IS NOT NULL
      UNION SELECT h.file, h.conversation FROM read.held h WHERE h.file IS NOT NULL) u
JOIN read.files f ON f.id = u.file AND f.phase <> 'reserved';

-- The files of a user are summed for the quota and for administrators.
CREATE INDEX files_of_uploader ON read.files (uploader) INCLUDE (size, phase);
