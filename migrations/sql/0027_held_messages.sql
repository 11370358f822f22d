-- The secrets of the hook, the outside service that checks messages before they are sent. The log
-- names a secret and does not have it, so exports and the stream do not either.
CREATE TABLE hooks.check_secrets (
    id         text        COLLATE "C" PRIMARY KEY,
    -- `whsec_` and base64: signs every question, so it has to be stored as it is.
    secret     text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Held messages: the hook has held them, and no moderator has decided yet. A message that is
-- released or refused has no row.
--
-- number   its number among the held messages of the user, as in the events.
-- at       when it was held.
-- The other columns are as in read.messages.
CREATE TABLE read.held (
    user_id           bigint NOT NULL,
    number            bigint NOT NULL,
    conversation      bigint NOT NULL,
    type              text NOT NULL,
    reply_to          bigint,
    thread            bigint,
    mentions          text,
    client_message_id text,
    at                timestamptz NOT NULL,
    body              text NOT NULL,
    PRIMARY KEY (user_id, number)
);
