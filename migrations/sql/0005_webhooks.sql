-- Webhooks: where the dispatcher delivers, and how far it is. What is delivered stands in the log and in
-- the read models; here is only what is left to do.

CREATE SCHEMA hooks;

-- Where to deliver, and what. Changed by operators (`tidings webhooks`), moved on by the dispatcher.
--
-- secret       `whsec_` and base64: signs every delivery, so it has to be stored as it is.
-- kind         `events`: the events of the log; `notifications`: who is offline and has something unread.
-- types        for `events`: these types only; all if empty.
-- position     everything up to here was delivered, is parked, or stands in `waiting` or `notices`.
-- floor        nothing at or before this position is looked at again: where the webhook began, or was
--              told to begin again.
-- state        `on`; `off`, by an operator; `gone`, because the receiver answered 410.
-- revision     raised by operators: a dispatcher that finds another one than it knows starts over.
CREATE TABLE hooks.webhooks (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    url           text        NOT NULL,
    secret        text        NOT NULL,
    kind          text        NOT NULL CHECK (kind IN ('events', 'notifications')),
    types         text[]      NOT NULL DEFAULT '{}',
    position      bigint      NOT NULL,
    floor         bigint      NOT NULL,
    state         text        NOT NULL DEFAULT 'on' CHECK (state IN ('on', 'off', 'gone')),
    revision      bigint      NOT NULL DEFAULT 1,
    created_at    timestamptz NOT NULL DEFAULT now(),
    delivered     bigint      NOT NULL DEFAULT 0,
    delivered_at  timestamptz,
    error         text,
    error_at      timestamptz
) WITH (fillfactor = 50);

-- Events at or before a webhook's position that could not be delivered yet, and those of the same
-- conversation or mailbox behind them.
--
-- lane         whose order is kept: the event's source.
-- tries        how often it was tried.
CREATE TABLE hooks.waiting (
    webhook  bigint      NOT NULL REFERENCES hooks.webhooks ON DELETE CASCADE,
    position bigint      NOT NULL,
    lane     text        NOT NULL,
    tries    int         NOT NULL,
    due_at   timestamptz NOT NULL,
    PRIMARY KEY (webhook, position)
);

-- What somebody is to be told of a conversation: one row a user and conversation, however many messages.
-- A row that has nothing left to tell is kept for a while, so that nothing is told twice.
--
-- from_position, to_position   the first and the last message to tell of.
-- told_position                everything up to here has been told, or was found to need no telling;
--                              nothing is left to do when it has reached to_position.
-- since                        when the oldest of them was taken in.
CREATE TABLE hooks.notices (
    webhook       bigint      NOT NULL REFERENCES hooks.webhooks ON DELETE CASCADE,
    user_name     text        NOT NULL,
    conversation  text        NOT NULL,
    from_position bigint      NOT NULL,
    to_position   bigint      NOT NULL,
    told_position bigint      NOT NULL DEFAULT 0,
    tries         int         NOT NULL DEFAULT 0,
    since         timestamptz NOT NULL,
    due_at        timestamptz NOT NULL,
    PRIMARY KEY (webhook, user_name, conversation)
) WITH (fillfactor = 70);
CREATE INDEX notices_due ON hooks.notices (webhook, due_at) WHERE told_position < to_position;
CREATE INDEX notices_old ON hooks.notices (since) WHERE told_position >= to_position;

-- What was given up after the last try. Nothing is lost: `tidings webhooks retry` tries it again.
--
-- lane         the source of an event, or the conversation of a notification.
-- user_name    who was to be told; empty for an event.
CREATE TABLE hooks.parked (
    webhook   bigint      NOT NULL REFERENCES hooks.webhooks ON DELETE CASCADE,
    position  bigint      NOT NULL,
    lane      text        NOT NULL,
    user_name text        NOT NULL DEFAULT '',
    tries     int         NOT NULL,
    error     text        NOT NULL,
    parked_at timestamptz NOT NULL,
    PRIMARY KEY (webhook, position, lane, user_name)
);
