-- Policies of conversations, silences and bans, join requests and links.

-- The policy of a conversation after each event that changed it: the newest row is the current one,
-- and `as_of` reads an older one. A conversation without a row has the default policy.
--
-- policy   the JSON object that clients get.
CREATE TABLE read.policies (
    conversation bigint NOT NULL,
    position     bigint NOT NULL,
    policy       text   NOT NULL,
    PRIMARY KEY (conversation, position)
);

-- Who is silenced in a conversation, and who is banned from it. A row stays when `until` has passed:
-- queries compare that with their clock.
--
-- position   of the event; pages are in this order.
-- until      when it ends by itself; null for never.
-- reason     null if none was given, or if it was erased.
-- by         who did it, by name: not necessarily a user of the read model.
CREATE TABLE read.silences (
    conversation bigint      NOT NULL,
    user_id      bigint      NOT NULL,
    position     bigint      NOT NULL,
    at           timestamptz NOT NULL,
    until        timestamptz,
    reason       text,
    by           text        NOT NULL,
    PRIMARY KEY (conversation, user_id)
);
CREATE INDEX silences_in_order ON read.silences (conversation, position);

CREATE TABLE read.bans (
    conversation bigint      NOT NULL,
    user_id      bigint      NOT NULL,
    position     bigint      NOT NULL,
    at           timestamptz NOT NULL,
    until        timestamptz,
    reason       text,
    by           text        NOT NULL,
    PRIMARY KEY (conversation, user_id)
);
CREATE INDEX bans_in_order ON read.bans (conversation, position);

-- Who waits to be admitted.
--
-- note   what the user wrote; null if nothing, or if it was erased.
CREATE TABLE read.join_requests (
    conversation bigint      NOT NULL,
    user_id      bigint      NOT NULL,
    position     bigint      NOT NULL,
    at           timestamptz NOT NULL,
    note         text,
    PRIMARY KEY (conversation, user_id)
);
CREATE INDEX join_requests_in_order ON read.join_requests (conversation, position);

-- The links that were not ended.
--
-- max_uses     null for any number.
-- expires_at   null for never.
-- uses         how many users have joined by it.
CREATE TABLE read.links (
    conversation bigint      NOT NULL,
    code         text        NOT NULL,
    position     bigint      NOT NULL,
    at           timestamptz NOT NULL,
    max_uses     bigint,
    expires_at   timestamptz,
    uses         bigint      NOT NULL,
    by           text        NOT NULL,
    PRIMARY KEY (conversation, code)
);
CREATE INDEX links_in_order ON read.links (conversation, position);

-- How far the retention of a conversation with a policy of its own is: its messages among the events
-- up to this sequence are erased.
CREATE TABLE log.conversation_retention (
    stream   bigint PRIMARY KEY,
    sequence bigint NOT NULL
);
