-- Epochs: which history a position belongs to.
--
-- After a failover that lost events, or after a restore, a position can name another event than
-- before. Every connection that appends begins an epoch with a random tag. A position together with
-- the tag of its epoch names one event for good, so a part that stores a position compares its tag
-- with the epochs before it continues from it. docs/decisions/ says why this is enough.

-- The epochs of this log. An epoch that begins where another one began, before any event was
-- written in that one, replaces it.
--
-- begins_after  the epoch covers the positions after this one, up to the next epoch's.
-- tag           32 random bits.
-- begun_at      when it began, for people.
CREATE TABLE log.epochs (
    begins_after bigint      PRIMARY KEY CHECK (begins_after >= 0),
    tag          integer     NOT NULL UNIQUE,
    begun_at     timestamptz NOT NULL DEFAULT now()
);

-- Everything that is in the log so far belongs to one epoch.
INSERT INTO log.epochs (begins_after, tag)
VALUES (0, ('x' || substr(md5(gen_random_uuid()::text), 1, 8))::bit(32)::integer);

-- The tag of the newest epoch. An append compares it together with the position.
ALTER TABLE log.head ADD COLUMN tag integer NOT NULL DEFAULT 0;
UPDATE log.head SET tag = (SELECT e.tag FROM log.epochs e);

-- The tag of the checkpoint's position. A read model that is ahead of its log gets no valid tag.
ALTER TABLE read.checkpoint ADD COLUMN tag integer NOT NULL DEFAULT 0;
UPDATE read.checkpoint k SET tag = h.tag FROM log.head h WHERE k.position <= h.position;
