-- The quota of files. The read model says which files a user has, but it is a moment behind the
-- log: of several reservations at the same time, none would see the others there, and together they
-- could exceed the quota. So a reservation is noted here before its event is appended, under a lock
-- of its user, and counts from then on.
--
-- id         the file.
-- size       in bytes, as announced.
-- noted_at   when the reservation was noted.
-- position   of the event; null until it is appended, and if nobody knows whether it was. Once the
--            read model has reached this position, or has the file, it alone says whether the file
--            counts, and the row is removed.
CREATE TABLE files.reservations (
    id       text        PRIMARY KEY,
    uploader text        NOT NULL,
    size     bigint      NOT NULL,
    noted_at timestamptz NOT NULL,
    position bigint
);
CREATE INDEX reservations_by_uploader ON files.reservations (uploader);
