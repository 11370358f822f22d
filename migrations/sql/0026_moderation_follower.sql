-- What follows the log for moderators: it opens cases for flagged texts and for floods, and silences
-- those who flood. One process at a time does this, the one that holds an advisory lock.

CREATE SCHEMA moderation;

-- How far it is. There is one row. A system that is upgraded begins at the end of its log, where
-- nothing has been flagged yet.
--
-- position   everything up to here is done.
-- tag        the epoch of the event there; null at the beginning of a log.
CREATE TABLE moderation.progress (
    is_only  boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    position bigint  NOT NULL,
    tag      integer
);
INSERT INTO moderation.progress (position, tag)
SELECT h.position,
       (SELECT e.tag FROM log.epochs e WHERE e.begins_after < h.position
         ORDER BY e.begins_after DESC LIMIT 1)
  FROM log.head h;

-- The last flood of each sender in one conversation, or in all together: further ones within a day
-- have longer silences. Written in one transaction with the progress. It holds no texts.
--
-- conversation    empty for all together.
-- position, at    of the message that completed the flood.
-- seq             the message whose case has this flood and those before it.
-- silenced_from   when the last silence began, and when it ends; null if there was none.
CREATE TABLE moderation.flood_offences (
    sender         text        NOT NULL,
    conversation   text        NOT NULL,
    position       bigint      NOT NULL,
    at             timestamptz NOT NULL,
    seq            bigint      NOT NULL,
    silenced_from  timestamptz,
    silenced_until timestamptz,
    PRIMARY KEY (sender, conversation)
);
CREATE INDEX flood_offences_in_order ON moderation.flood_offences (position);
