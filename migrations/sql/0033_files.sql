-- Files: what users have uploaded. The bytes are in the file store, under the id of the file; this
-- table says which bytes the store must have.

-- The files that are not deleted.
--
-- position     of the reservation; pages are in this order.
-- uploader     by name: not necessarily a user of the read model.
-- name         null once it is erased.
-- size         in bytes, as announced; no other size is stored.
-- expires_at   when the upload expires, if it is not completed.
-- phase        reserved, stored, or retired: no new message can use it, and it is deleted or
--              reinstated soon.
-- type, sha256, width, height, stored_at   of the bytes; null until they are stored.
CREATE TABLE read.files (
    id            text        PRIMARY KEY,
    position      bigint      NOT NULL,
    uploader      text        NOT NULL,
    name          text,
    declared_type text        NOT NULL,
    size          bigint      NOT NULL,
    reserved_at   timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    phase         text        NOT NULL,
    type          text,
    sha256        text,
    width         bigint,
    height        bigint,
    stored_at     timestamptz
) WITH (fillfactor = 70);
CREATE INDEX files_by_uploader ON read.files (uploader, position);

-- file   the file that the message uses now; null if it uses none, is recalled or is erased.
ALTER TABLE read.messages ADD COLUMN file text;
CREATE INDEX messages_by_file ON read.messages (file) WHERE file IS NOT NULL;

-- Messages that wait to be sent use their files too.
ALTER TABLE read.scheduled ADD COLUMN file text;
CREATE INDEX scheduled_by_file ON read.scheduled (file) WHERE file IS NOT NULL;
ALTER TABLE read.held ADD COLUMN file text;
CREATE INDEX held_by_file ON read.held (file) WHERE file IS NOT NULL;

-- The collection of files that nothing uses.
CREATE SCHEMA files;

-- The stored files that the collection has found unused, and since when. A file that is used again
-- loses its row. If the table is lost, the time starts over.
--
-- erased   whether a message that used the file was erased: then it does not wait.
CREATE TABLE files.unused (
    id     text        PRIMARY KEY,
    since  timestamptz NOT NULL,
    erased boolean     NOT NULL DEFAULT false
);
