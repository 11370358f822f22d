-- Seals: what proves that the log is as it was. Each commits to the events since the one before and to that
-- seal itself, and is signed; so no event can be changed, removed, moved or added between others without
-- every later seal being made anew with the key.
--
-- first, last   the positions that it covers, without a gap between one seal and the next.
-- previous      SHA-256 of the seal before, zeros for the first.
-- salts         16 random bytes for each event, in order. A digest without its salt says nothing of what was
--               digested: when an event's content is erased, its salt is too, and the digest stays.
-- digests       32 bytes for each event, in order: SHA-256 of its salt and of the event.
-- root          SHA-256 of `digests`.
-- public_key, signature   Ed25519, over the seal's own bytes.
CREATE TABLE log.seals (
    number     bigint      PRIMARY KEY CHECK (number > 0),
    first      bigint      NOT NULL,
    last       bigint      NOT NULL CHECK (last >= first),
    sealed_at  timestamptz NOT NULL,
    previous   bytea       NOT NULL CHECK (length(previous) = 32),
    root       bytea       NOT NULL CHECK (length(root) = 32),
    public_key bytea       NOT NULL CHECK (length(public_key) = 32),
    signature  bytea       NOT NULL CHECK (length(signature) = 64),
    salts      bytea       NOT NULL,
    digests    bytea       NOT NULL,
    CHECK (length(salts) = 16 * (last - first + 1) AND length(digests) = 32 * (last - first + 1))
);
