-- Erasure: content that the log no longer has. Of an erased event everything stays but what somebody wrote:
-- its payload is replaced by one without the content, and the salt of its digest in `log.seals` by zeros. So
-- positions, sequences and seals stay as they were, and this is the one reason for which a row of
-- `log.events` is ever updated.

-- Which events were erased. A ledger: rows are never removed.
--
-- position   the event whose content is gone.
-- by         the position of the event that says so.
-- mirrored   the copy in the stream is gone too.
CREATE TABLE log.erased (
    position bigint  PRIMARY KEY,
    by       bigint  NOT NULL,
    mirrored boolean NOT NULL DEFAULT false
);
CREATE INDEX erased_by ON log.erased (by);
CREATE INDEX erased_not_mirrored ON log.erased (position) WHERE NOT mirrored;

-- How far that is. One row.
--
-- position   what the events up to here erase is gone from `log.events`.
-- files_at   what they erase up to here is also gone from the files of this database.
CREATE TABLE log.erasure (
    one      boolean PRIMARY KEY DEFAULT true CHECK (one),
    position bigint  NOT NULL DEFAULT 0,
    files_at bigint  NOT NULL DEFAULT 0
);
INSERT INTO log.erasure DEFAULT VALUES;

-- The seal of a position.
CREATE INDEX seals_last ON log.seals (last);

-- How far retention is, for each kind of conversation: the messages that were sent up to this position are
-- erased, if the kind has an age at all.
CREATE TABLE log.retention (
    kind     text   PRIMARY KEY,
    position bigint NOT NULL DEFAULT 0
);
INSERT INTO log.retention (kind) VALUES ('direct'), ('group');
