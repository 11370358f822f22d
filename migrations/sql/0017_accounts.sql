-- Local accounts: users who sign in with a password that Tidings keeps, for systems without an
-- identity provider. They are secrets and no facts about conversations, so they are no part of the
-- log: no export, no stream, no read model and no reader's role has them. A backup does.
CREATE SCHEMA accounts;

CREATE TABLE accounts.accounts (
    user_id       text        COLLATE "C" PRIMARY KEY,
    -- Argon2id with its salt and parameters, as a PHC string. Null once the account is closed: the
    -- user id stays taken, because the messages of its user stay.
    password_hash text,
    created_at    timestamptz NOT NULL DEFAULT now(),
    -- When the password was last set, or the account closed.
    changed_at    timestamptz NOT NULL DEFAULT now()
);

-- Codes that open one account each. A row goes when its code is used, or later when it has expired.
CREATE TABLE accounts.invites (
    -- SHA-256 of the code: reading this table gives nobody an invite.
    digest     bytea       PRIMARY KEY,
    expires_at timestamptz NOT NULL
);

-- Tokens to revoke because a password has changed. The row is written together with the new
-- password, and goes once the log has the revocation.
CREATE TABLE accounts.revocations (
    user_id   text   COLLATE "C" PRIMARY KEY,
    -- Tokens issued up to this time, in milliseconds since 1970.
    before_ms bigint NOT NULL
);

-- Wrong passwords of the last minutes, for each user and each address that tried. Processes share
-- their limits through it. It may be emptied at any time.
CREATE TABLE accounts.attempts (
    -- SHA-256 of the user id or the address.
    subject  bytea         PRIMARY KEY,
    wrong_at timestamptz[] NOT NULL
);
