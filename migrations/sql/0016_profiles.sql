-- Profiles: what users show of themselves, their settings, and what administrators and moderators
-- have decided about them. The events are in the streams `profile`, one per user.
--
-- A user who never set up a profile has no row; the defaults below are theirs too.
--
-- sequence         the last event of the user's profile that has been folded.
-- custom           a JSON object of the app's own, as compact text.
-- kind             `user`, `bot` or `system`.
-- direct_from      who may begin a direct conversation with the user: `anyone` or `contacts`.
-- groups_from      who may add the user to a group without an invitation, likewise.
-- read_receipts    whether others see what the user has read, and the user what they have read.
-- last_seen        whether others see when the user was online last, likewise.
-- quiet_hours      a JSON object with `from`, `to` and `time_zone`, or null.
-- revoked_before   tokens issued up to this time are refused.
-- restriction      the data of the event `user_restricted` that applies, or null.
CREATE TABLE read.profiles (
    user_id        bigint      PRIMARY KEY,
    sequence       bigint      NOT NULL,
    display_name   text,
    avatar         text,
    about          text,
    locale         text,
    custom         text,
    kind           text        NOT NULL DEFAULT 'user',
    deactivated    boolean     NOT NULL DEFAULT false,
    direct_from    text        NOT NULL DEFAULT 'anyone',
    groups_from    text        NOT NULL DEFAULT 'anyone',
    read_receipts  boolean     NOT NULL DEFAULT true,
    last_seen      boolean     NOT NULL DEFAULT true,
    quiet_hours    text,
    revoked_before timestamptz,
    restriction    text
);

-- Whether the user sends and sees read receipts: the same as in `profiles`, where the fold finds it
-- without another query.
ALTER TABLE read.users ADD COLUMN read_receipts boolean NOT NULL DEFAULT true;

-- When a user neither sent nor saw read receipts: from the position where they switched them off, to
-- the one where they switched them on again, which does not belong to it. Receipts of that time
-- stay hidden, so that no entry appears behind a cursor.
CREATE TABLE read.receipts_off (
    user_id       bigint NOT NULL,
    from_position bigint NOT NULL,
    to_position   bigint,
    PRIMARY KEY (user_id, from_position)
);

-- By what people are searched: the folded id of each user, and the folded display name from each of
-- its words on, so that `smi` finds Ann Smith. A search reads the keys from a prefix on, in order,
-- which costs the same with any number of users.
--
-- Text cannot be folded here, so the projector adds the keys of existing users when it starts.
CREATE TABLE read.name_keys (
    user_id bigint NOT NULL,
    key     text   NOT NULL COLLATE "C",
    PRIMARY KEY (user_id, key)
);
CREATE INDEX name_keys_in_order ON read.name_keys (key, user_id);

-- When users were online last. Not part of the log and not part of the read models: it says nothing
-- about messages, changes all the time, and a rebuild could not restore it. The query services write
-- it every few seconds for users who went offline.
CREATE SCHEMA presence;

CREATE TABLE presence.last_seen (
    name text        PRIMARY KEY,
    at   timestamptz NOT NULL
) WITH (fillfactor = 70);
