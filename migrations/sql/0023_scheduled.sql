-- Scheduled messages that wait or failed. A message that is sent or cancelled has no row.
--
-- number   its number among the scheduled messages of the user, as in the events.
-- code     the code of the refusal, if it failed when it was due.
-- The other columns are as in read.messages.
CREATE TABLE read.scheduled (
    user_id           bigint NOT NULL,
    number            bigint NOT NULL,
    conversation      bigint NOT NULL,
    type              text NOT NULL,
    reply_to          bigint,
    thread            bigint,
    mentions          text,
    client_message_id text,
    send_at           timestamptz NOT NULL,
    body              text NOT NULL,
    code              text,
    PRIMARY KEY (user_id, number)
);
CREATE INDEX scheduled_by_time ON read.scheduled (user_id, send_at, number);
