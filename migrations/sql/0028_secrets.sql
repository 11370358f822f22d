-- Secrets of the deployment. Many can read events, and also the schemas `log` and `read` (the role
-- tidings_reader). So these secrets are in no event, export or stream, and in a schema of their own.
-- A backup contains them.
CREATE SCHEMA secrets;

-- The codes of links derive from the ids of the links and this, 32 random bytes. If it changes, so
-- does every code.
CREATE TABLE secrets.links (
    secret bytea NOT NULL
);
INSERT INTO secrets.links VALUES (uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));

-- `code` in read.links is the id of the link; for links of earlier releases, their code.
