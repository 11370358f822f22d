-- Contacts, invitations, and the entries that belong to no conversation.
--
-- What a user is to another one. Two rows for each pair of users between whom there is a request or
-- a contact, one as each of them sees it. The events are in the mailboxes of both: each act is one
-- event in the mailbox of the user who acts.
--
-- state      `contact`; `incoming` if the other user has asked, `outgoing` if this user has.
-- note       what the asker said with the request; null once they are contacts.
-- position   the event that led to this state: the order of lists.
-- at         its time.
-- hidden     the request was made while this user blocked the asker, and is never shown.
CREATE TABLE read.contacts (
    user_id  bigint      NOT NULL,
    other    bigint      NOT NULL,
    state    text        NOT NULL,
    note     text,
    position bigint      NOT NULL,
    at       timestamptz NOT NULL,
    hidden   boolean     NOT NULL,
    PRIMARY KEY (user_id, other)
);
CREATE INDEX contacts_in_order ON read.contacts (user_id, position);

-- Who is invited to which group. A row ends with its invitation. Invitations of a user whom the
-- invited one blocks are not shown while the block lasts.
--
-- by         the user who invited.
-- position   the event: the order of lists.
-- at         its time.
CREATE TABLE read.invitations (
    user_id      bigint      NOT NULL,
    conversation bigint      NOT NULL,
    by           bigint      NOT NULL,
    position     bigint      NOT NULL,
    at           timestamptz NOT NULL,
    PRIMARY KEY (user_id, conversation)
);

-- Entries without a conversation belong to one user. In `inbox` and `timeline` they have the negative
-- number of that user in place of a conversation. So the data of an entry may differ from user to
-- user, and position and conversation still identify it. Nothing else in `read` uses such a number.
COMMENT ON COLUMN read.timeline.conversation IS
    'The conversation, or the negative number of the one user whose entry it is.';
COMMENT ON COLUMN read.inbox.conversation IS
    'The conversation, or the negative number of the user if the entry has no conversation.';
