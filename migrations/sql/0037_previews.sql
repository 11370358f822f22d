-- Previews of images are made by what follows the log. They are in the file store, beside the bytes
-- of the file, and can be made again at any time, so no table lists them. One process at a time
-- follows, the one that holds an advisory lock.

-- How far it is. There is one row.
--
-- position   the images that were stored up to here have previews, or cannot have any.
-- tag        the epoch of the event there; null at the beginning of a log.
CREATE TABLE files.preview_progress (
    is_only  boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    position bigint  NOT NULL,
    tag      integer
);
INSERT INTO files.preview_progress (position) VALUES (0);
