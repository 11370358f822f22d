-- Push notifications. Which device gets pushes stands in the log (`push_registered`,
-- `push_dropped`, `device_removed`), without the token: it is a secret, and an event is kept for
-- ever and copied to the stream, to exports and to analysts. So the token stands beside the log, and
-- the event names it by a digest.

-- The devices that get pushes, as the log says.
--
-- provider   `apns`, `fcm` or `webpush`.
-- digest     names the registration, token included: the row of push.tokens with the same digest has
--            the token. If there is none, nothing is delivered until the app registers again.
-- preview    whether a push shows the text of a message.
-- position   the event that registered it.
CREATE TABLE read.push_devices (
    user_id  bigint      NOT NULL,
    device   text        NOT NULL,
    provider text        NOT NULL,
    digest   text        NOT NULL,
    preview  boolean     NOT NULL,
    position bigint      NOT NULL,
    at       timestamptz NOT NULL,
    PRIMARY KEY (user_id, device)
);

-- What no event, export, stream or reader's role may have. A backup of the database has it.
CREATE SCHEMA push;

-- The tokens of devices. A row is written before the event that names its digest, and counts only if
-- read.push_devices has the digest. The dispatcher removes those that no longer count.
--
-- digest        SHA-256 of the user, the device and the registration, in hexadecimal digits.
-- token_digest  SHA-256 of the provider and the token: finds other devices with the same token.
-- token         what the provider calls the device: a token, or the endpoint of a browser.
-- keys          for `webpush`: the public key of the browser (65 bytes) and its secret (16 bytes).
-- topic         for `apns`: the app, if it is another one than TIDINGS_APNS_TOPIC names.
CREATE TABLE push.tokens (
    user_name    text        COLLATE "C" NOT NULL,
    device       text        COLLATE "C" NOT NULL,
    digest       text        COLLATE "C" NOT NULL,
    token_digest bytea       NOT NULL,
    provider     text        NOT NULL CHECK (provider IN ('apns', 'fcm', 'webpush')),
    token        text        NOT NULL,
    keys         bytea,
    topic        text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_name, device, digest)
);
CREATE INDEX tokens_by_token ON push.tokens (token_digest);

-- The key pair with which the server identifies itself to the push services of browsers (VAPID, RFC
-- 8292). The first process that needs one makes it; all processes use the same, and browsers bind
-- their subscriptions to it. TIDINGS_VAPID_KEY replaces it.
CREATE TABLE push.vapid_key (
    one         boolean     PRIMARY KEY DEFAULT true CHECK (one),
    -- The private scalar on P-256, 32 bytes.
    private_key bytea       NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);

-- How far the dispatcher has come with pushes. The columns mean what those of hooks.webhooks do.
CREATE TABLE push.progress (
    one      boolean PRIMARY KEY DEFAULT true CHECK (one),
    position bigint  NOT NULL,
    floor    bigint  NOT NULL
) WITH (fillfactor = 50);

-- What a device is to be told of a conversation. The columns mean what those of hooks.notices do.
CREATE TABLE push.notices (
    user_name     text        NOT NULL,
    device        text        NOT NULL,
    conversation  text        NOT NULL,
    from_position bigint      NOT NULL,
    to_position   bigint      NOT NULL,
    told_position bigint      NOT NULL DEFAULT 0,
    tries         int         NOT NULL DEFAULT 0,
    since         timestamptz NOT NULL,
    due_at        timestamptz NOT NULL,
    PRIMARY KEY (user_name, device, conversation)
) WITH (fillfactor = 70);
CREATE INDEX push_notices_due ON push.notices (due_at) WHERE told_position < to_position;
CREATE INDEX push_notices_old ON push.notices (since) WHERE told_position >= to_position;

-- Pushes that were given up after the last try. They are kept for a week, to see what went wrong.
CREATE TABLE push.parked (
    user_name    text        NOT NULL,
    device       text        NOT NULL,
    conversation text        NOT NULL,
    position     bigint      NOT NULL,
    provider     text        NOT NULL,
    tries        int         NOT NULL,
    error        text        NOT NULL,
    parked_at    timestamptz NOT NULL,
    PRIMARY KEY (user_name, device, conversation, position)
);
CREATE INDEX push_parked_old ON push.parked (parked_at);
