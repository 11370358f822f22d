-- Service desks and the sessions of their customers.
--
-- A session is a period of the conversation of a customer with a desk. Its steps say at which
-- message each agent came and went, so what somebody wrote in a session follows from the messages of
-- the conversation, and nothing is counted here.

-- The desks that exist.
--
-- agents           a JSON array of names, in the order of their turns.
-- position         of the event that set it last.
-- changed          of the last event about the desk or one of its sessions.
CREATE TABLE read.desks (
    id              text        PRIMARY KEY,
    title           text        NOT NULL,
    agents          jsonb       NOT NULL,
    routing         text        NOT NULL,
    max_open        integer     NOT NULL,
    idle_close      text        NOT NULL,
    reply_target    text        NOT NULL,
    greeting        text,
    position        bigint      NOT NULL,
    changed         bigint      NOT NULL
);

-- The sessions, in their current state.
--
-- desk             that has it now.
-- conversation     the number of the one in which it is now.
-- customer, agent  by name. No agent while it waits for its first one, or waits again.
-- state            waiting, open or closed.
-- accepted_at      when it was accepted first.
-- closed_by        who closed it; the name of the system for one that closed by itself.
-- reply_target_ms  within which time the customer was to have a reply, when it was opened.
-- tags             a JSON array.
CREATE TABLE read.service_sessions (
    id              text        PRIMARY KEY,
    desk            text        NOT NULL,
    conversation    bigint      NOT NULL,
    customer        text        NOT NULL,
    agent           text,
    state           text        NOT NULL,
    opened_position bigint      NOT NULL,
    opened_at       timestamptz NOT NULL,
    accepted_at     timestamptz,
    closed_at       timestamptz,
    closed_by       text,
    reply_target_ms bigint      NOT NULL,
    rating          smallint,
    tags            text        NOT NULL
);
CREATE INDEX service_sessions_by_desk ON read.service_sessions (desk, opened_position);
CREATE INDEX service_sessions_by_state ON read.service_sessions (desk, state, opened_position);

-- What became of each session, in order.
--
-- cause         opened, accepted, transferred, arrived (at another desk) or closed.
-- desk          that has it from here on.
-- conversation  in which it goes on; null between two desks.
-- agent         who has it from here on; null while it waits.
-- after_seq     the head of the conversation in which it happened.
CREATE TABLE read.session_steps (
    session      text        NOT NULL,
    position     bigint      NOT NULL,
    cause        text        NOT NULL,
    desk         text        NOT NULL,
    conversation bigint,
    agent        text,
    at           timestamptz NOT NULL,
    after_seq    bigint      NOT NULL,
    PRIMARY KEY (session, position)
);
CREATE INDEX session_steps_by_desk ON read.session_steps (desk, at);

-- What people wrote about sessions.
--
-- conversation  in which the session was: erasing its texts erases these.
-- kind          note (only agents see it), reason (of closing), rating, or custom (a JSON object of
--               the app of the customer).
-- by            who wrote it, by name.
-- text          null if it was erased.
CREATE TABLE read.session_texts (
    session      text        NOT NULL,
    position     bigint      NOT NULL,
    conversation bigint      NOT NULL,
    kind         text        NOT NULL,
    at           timestamptz NOT NULL,
    by           text        NOT NULL,
    text         text,
    PRIMARY KEY (session, position)
);
CREATE INDEX session_texts_by_user ON read.session_texts (by) WHERE text IS NOT NULL;
CREATE INDEX session_texts_by_conversation ON read.session_texts (conversation)
    WHERE text IS NOT NULL;
