-- The place: what the pages call this deployment, and who set it up. Two deployments can have the
-- same log, one of them as a copy; so the name is no event of the log and no part of its exports.
-- Like the accounts, it is in backups.
CREATE TABLE accounts.place (
    one_row   boolean     PRIMARY KEY DEFAULT true CHECK (one_row),
    -- Null until an owner has named it.
    name      text,
    -- The account that was opened with a setup code.
    owner     text        COLLATE "C",
    set_up_at timestamptz
);
INSERT INTO accounts.place DEFAULT VALUES;

-- Codes with which an owner can set the place up, as `tidings up` prints them. All of them go once
-- there is an owner.
CREATE TABLE accounts.setup_codes (
    -- SHA-256 of the code: reading this table gives nobody a code.
    digest     bytea       PRIMARY KEY,
    expires_at timestamptz NOT NULL
);

-- The scope of the tokens that an account gets: empty, `moderator` or `admin`.
ALTER TABLE accounts.accounts
    ADD COLUMN scope text NOT NULL DEFAULT ''
    CHECK (scope IN ('', 'moderator', 'admin'));
