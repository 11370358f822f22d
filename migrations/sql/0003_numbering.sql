-- The search index names users and conversations by their numbers in `read`, and a rebuild of the read
-- models numbers them in the order of the log, as before: unless events were parked, whose names had
-- no numbers and now get some. An index that was made with other numbers than these is built again.
--
-- numbering   which numbering this is; a rebuild of tables with parked events begins another one.
ALTER TABLE read.checkpoint ADD COLUMN numbering bigint NOT NULL DEFAULT 1;
