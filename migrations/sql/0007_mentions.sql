-- A conversation that is muted or archived may still tell its member of messages that mention them.
--
-- mentions   whether it does; so by default.
ALTER TABLE read.members ADD COLUMN mentions boolean NOT NULL DEFAULT true;
