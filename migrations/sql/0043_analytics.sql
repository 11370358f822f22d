-- Views for analysts, in a schema of their own, and the role `tidings_reader`, which can read these
-- views and nothing else. docs/analysis.md asks them questions.
--
-- The views belong to the owner of the tables, so their readers need no privilege on the tables.
-- They show what the read models have, where erased content is absent, and of the log only who read
-- or received what, and when. No view shows a token, a password, a secret, a draft, a scheduled or
-- held message, or the text of a recalled one.
--
-- A view refers to tables, not to their names. When a rebuild replaces the read models, or an
-- erasure the table of events, the program creates the views again with the same text, so that they
-- refer to the new tables. Privileges and comments stay.
--
-- A later migration that changes a column on which a view depends drops the view, changes the
-- column, and creates the view again.
CREATE SCHEMA analytics;
COMMENT ON SCHEMA analytics IS
    'Views for analysts. The role tidings_reader can read them; `tidings analytics grant` gives it.';

-- JSON can name the character U+0000, which no text of Postgres can hold: a message with it would
-- make the whole query fail. It is shown as U+FFFD, the replacement character.
CREATE FUNCTION analytics.read_json(stored text) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN strpos(stored, '\u0000') = 0 THEN stored
            ELSE regexp_replace(stored, '(?<!\\)((?:\\\\)*)\\u0000', '\1\\ufffd', 'g')
       END::jsonb;
COMMENT ON FUNCTION analytics.read_json(text) IS
    'Reads JSON that may name the character U+0000, and shows U+FFFD in its place.';

-- Joins with unique keys are left joins where possible: the planner drops those that a query does
-- not need.
CREATE VIEW analytics.messages AS
SELECT c.name                       AS conversation_id,
       m.seq,
       m.position,
       u.name                       AS sender,
       m.sent_at,
       m.type,
       analytics.read_json(m.body) ->> 'text' AS text,
       analytics.read_json(m.body)  AS body,
       m.mentions::jsonb            AS mentions,
       m.reply_to,
       m.thread,
       m.file                       AS file_id,
       m.edited_at,
       m.recalled,
       e.position IS NOT NULL       AS erased
FROM read.messages m
LEFT JOIN read.conversations c ON c.id = m.conversation
LEFT JOIN read.users u ON u.id = m.sender
LEFT JOIN log.erased e ON e.position = m.position;
COMMENT ON VIEW analytics.messages IS
    'One row per message, as it is now. Recalled and erased messages keep their row and lose their content.';
COMMENT ON COLUMN analytics.messages.conversation_id IS 'The conversation.';
COMMENT ON COLUMN analytics.messages.seq IS 'The number of the message in its conversation: 1, 2, 3 and so on.';
COMMENT ON COLUMN analytics.messages.position IS 'The position of the event message_sent in the log.';
COMMENT ON COLUMN analytics.messages.sender IS 'The user who sent the message.';
COMMENT ON COLUMN analytics.messages.sent_at IS 'When the message was sent. Imported messages keep their original time.';
COMMENT ON COLUMN analytics.messages.type IS 'The type of the message, such as text or image.';
COMMENT ON COLUMN analytics.messages.text IS 'The current text. Null if there is none, or if the message was recalled or erased.';
COMMENT ON COLUMN analytics.messages.body IS 'The current body. Null if the message was recalled or erased.';
COMMENT ON COLUMN analytics.messages.mentions IS 'The mentioned users, as a JSON array. Null if there are none.';
COMMENT ON COLUMN analytics.messages.reply_to IS 'The seq of the message to which this one replies.';
COMMENT ON COLUMN analytics.messages.thread IS 'The seq of the root, if the message is part of a thread.';
COMMENT ON COLUMN analytics.messages.file_id IS 'The file that the message carries.';
COMMENT ON COLUMN analytics.messages.edited_at IS 'When the body was last changed. Null if it never was.';
COMMENT ON COLUMN analytics.messages.recalled IS 'Whether the message is recalled. Erased messages are recalled too.';
COMMENT ON COLUMN analytics.messages.erased IS 'Whether the content was erased from the log.';

CREATE VIEW analytics.conversations AS
SELECT c.name                       AS conversation_id,
       c.kind,
       c.title,
       (SELECT analytics.read_json(p.policy) ->> 'topic' FROM read.policies p
        WHERE p.conversation = c.id ORDER BY p.position DESC LIMIT 1) AS topic,
       c.history,
       e.position,
       c.created_at,
       c.member_count,
       c.head_seq                   AS message_count,
       nullif(c.head_position, 0)   AS last_position,
       m.sent_at                    AS last_sent_at
FROM read.conversations c
LEFT JOIN log.streams s ON s.aggregate_type = 'conversation' AND s.aggregate_id = c.name
LEFT JOIN log.events e ON e.stream = s.id AND e.sequence = 1
LEFT JOIN read.messages m ON m.conversation = c.id AND m.seq = c.head_seq;
COMMENT ON VIEW analytics.conversations IS 'One row per conversation, as it is now.';
COMMENT ON COLUMN analytics.conversations.conversation_id IS 'The conversation.';
COMMENT ON COLUMN analytics.conversations.kind IS 'direct or group.';
COMMENT ON COLUMN analytics.conversations.title IS 'The current title. Null for direct conversations, and if there is none.';
COMMENT ON COLUMN analytics.conversations.topic IS 'The current topic. Null if there is none.';
COMMENT ON COLUMN analytics.conversations.history IS 'Whether members see messages from before they joined: all or since_join.';
COMMENT ON COLUMN analytics.conversations.position IS 'The position of the event conversation_created.';
COMMENT ON COLUMN analytics.conversations.created_at IS 'When the conversation was created. Imported ones keep their original time.';
COMMENT ON COLUMN analytics.conversations.member_count IS 'The number of current members.';
COMMENT ON COLUMN analytics.conversations.message_count IS 'The number of messages ever sent, which is the seq of the last one.';
COMMENT ON COLUMN analytics.conversations.last_position IS 'The position of the last message. Null if there is none.';
COMMENT ON COLUMN analytics.conversations.last_sent_at IS 'When the last message was sent. Null if there is none.';

CREATE VIEW analytics.members AS
SELECT c.name                       AS conversation_id,
       u.name                       AS user_id,
       s.from_position              AS position,
       CASE WHEN s.to_position IS NULL THEN m.joined_at ELSE f.occurred_at END AS joined_at,
       s.to_position                AS left_position,
       t.occurred_at                AS left_at,
       s.to_position IS NULL        AS is_member,
       CASE WHEN s.to_position IS NULL THEN m.role END AS role,
       CASE WHEN s.to_position IS NULL THEN m.muted END AS muted,
       s.after_seq                  AS joined_after_seq,
       s.until_seq                  AS left_after_seq
FROM read.stays s
LEFT JOIN read.conversations c ON c.id = s.conversation
LEFT JOIN read.users u ON u.id = s.user_id
LEFT JOIN read.members m ON m.conversation = s.conversation AND m.user_id = s.user_id
LEFT JOIN log.events f ON f.position = s.from_position
LEFT JOIN log.events t ON t.position = s.to_position;
COMMENT ON VIEW analytics.members IS
    'One row per membership period, current and past. Who left and came back has two rows.';
COMMENT ON COLUMN analytics.members.conversation_id IS 'The conversation.';
COMMENT ON COLUMN analytics.members.user_id IS 'The member.';
COMMENT ON COLUMN analytics.members.position IS 'The position of the event that began the membership.';
COMMENT ON COLUMN analytics.members.joined_at IS 'When the membership began.';
COMMENT ON COLUMN analytics.members.left_position IS 'The position of the event that ended it. Null for current members.';
COMMENT ON COLUMN analytics.members.left_at IS 'When it ended. Null for current members.';
COMMENT ON COLUMN analytics.members.is_member IS 'Whether the membership continues.';
COMMENT ON COLUMN analytics.members.role IS 'owner, admin or member. Null for past memberships.';
COMMENT ON COLUMN analytics.members.muted IS 'Whether the member has muted the conversation. Null for past memberships.';
COMMENT ON COLUMN analytics.members.joined_after_seq IS 'The seq of the last message from before the membership.';
COMMENT ON COLUMN analytics.members.left_after_seq IS 'The seq of the last message of the membership. Null for current members.';

CREATE VIEW analytics.users AS
SELECT u.name                       AS user_id,
       p.display_name,
       coalesce(p.kind, 'user')     AS kind,
       coalesce(p.deactivated, false) AS deactivated,
       p.locale,
       j.position,
       e.occurred_at                AS first_joined_at
FROM read.users u
LEFT JOIN read.profiles p ON p.user_id = u.id
LEFT JOIN LATERAL (SELECT s.from_position AS position FROM read.stays s WHERE s.user_id = u.id
                   ORDER BY s.from_position LIMIT 1) j ON true
LEFT JOIN log.events e ON e.position = j.position;
COMMENT ON VIEW analytics.users IS 'One row per user whom the log names.';
COMMENT ON COLUMN analytics.users.user_id IS 'The user.';
COMMENT ON COLUMN analytics.users.display_name IS 'The name that others see. Null if none is set, or if it was erased.';
COMMENT ON COLUMN analytics.users.kind IS 'user, bot or system.';
COMMENT ON COLUMN analytics.users.deactivated IS 'Whether an administrator has deactivated the user.';
COMMENT ON COLUMN analytics.users.locale IS 'The language tag of the profile. Null if none is set.';
COMMENT ON COLUMN analytics.users.position IS 'The position of the event by which the user first joined a conversation. Null if there is none.';
COMMENT ON COLUMN analytics.users.first_joined_at IS 'When that event was appended.';

-- A user who has switched read receipts off is absent for that time, as for other users.
CREATE VIEW analytics.reads AS
SELECT d.data ->> 'conversation'    AS conversation_id,
       s.aggregate_id               AS user_id,
       e.position,
       e.occurred_at                AS read_at,
       (d.data ->> 'read_seq')::bigint AS read_seq,
       (d.data ->> 'head_seq')::bigint AS head_seq
FROM log.events e
JOIN log.streams s ON s.id = e.stream
CROSS JOIN LATERAL (SELECT convert_from(e.payload, 'UTF8')::jsonb AS data OFFSET 0) d
WHERE e.event_type = 'conversation_read'
AND NOT EXISTS (SELECT FROM read.users u JOIN read.receipts_off o ON o.user_id = u.id
                WHERE u.name = s.aggregate_id AND o.from_position <= e.position
                AND (o.to_position IS NULL OR e.position < o.to_position));
COMMENT ON VIEW analytics.reads IS
    'One row for each time a user read a conversation further. Sending is reading too, without a row. Without the users who had switched read receipts off.';
COMMENT ON COLUMN analytics.reads.conversation_id IS 'The conversation.';
COMMENT ON COLUMN analytics.reads.user_id IS 'The user who read.';
COMMENT ON COLUMN analytics.reads.position IS 'The position of the event conversation_read.';
COMMENT ON COLUMN analytics.reads.read_at IS 'When that event was appended.';
COMMENT ON COLUMN analytics.reads.read_seq IS 'The seq of the last message that was read.';
COMMENT ON COLUMN analytics.reads.head_seq IS 'The seq of the last message that there was.';

CREATE VIEW analytics.reactions AS
SELECT c.name                       AS conversation_id,
       r.seq,
       r.position,
       u.name                       AS user_id,
       r.key                        AS reaction,
       e.occurred_at                AS reacted_at
FROM read.reactions r
LEFT JOIN read.conversations c ON c.id = r.conversation
LEFT JOIN read.users u ON u.id = r.user_id
LEFT JOIN log.events e ON e.position = r.position;
COMMENT ON VIEW analytics.reactions IS 'One row per reaction that has not been taken back.';
COMMENT ON COLUMN analytics.reactions.conversation_id IS 'The conversation.';
COMMENT ON COLUMN analytics.reactions.seq IS 'The message.';
COMMENT ON COLUMN analytics.reactions.position IS 'The position of the event reaction_added.';
COMMENT ON COLUMN analytics.reactions.user_id IS 'The user who reacted.';
COMMENT ON COLUMN analytics.reactions.reaction IS 'The reaction, such as an emoji.';
COMMENT ON COLUMN analytics.reactions.reacted_at IS 'When that event was appended.';

CREATE VIEW analytics.daily_active AS
SELECT (a.at AT TIME ZONE 'UTC')::date AS day,
       count(DISTINCT a.user_id)    AS active_users,
       count(DISTINCT a.user_id) FILTER (WHERE a.act = 'send') AS senders,
       count(DISTINCT a.user_id) FILTER (WHERE a.act = 'read') AS readers,
       count(*) FILTER (WHERE a.act = 'send') AS messages,
       max(a.position)              AS position
FROM (SELECT 'send' AS act, m.sent_at AS at, m.sender AS user_id, m.position
      FROM analytics.messages m
      UNION ALL
      SELECT 'read', r.read_at, r.user_id, r.position FROM analytics.reads r
      UNION ALL
      SELECT 'react', r.reacted_at, r.user_id, r.position FROM analytics.reactions r) a
GROUP BY 1;
COMMENT ON VIEW analytics.daily_active IS
    'One row per day (UTC) on which anybody sent, read or reacted.';
COMMENT ON COLUMN analytics.daily_active.day IS 'The day, in UTC.';
COMMENT ON COLUMN analytics.daily_active.active_users IS 'How many users sent a message, read a conversation further or reacted.';
COMMENT ON COLUMN analytics.daily_active.senders IS 'How many users sent a message.';
COMMENT ON COLUMN analytics.daily_active.readers IS 'How many users read a conversation further.';
COMMENT ON COLUMN analytics.daily_active.messages IS 'How many messages were sent.';
COMMENT ON COLUMN analytics.daily_active.position IS 'The position of the last event that the row counts.';

-- A run is what one user writes before somebody else does. A reply is the first message of a run
-- that follows another run. The conversation's name is the key of both windows, so that a condition
-- on it limits what is read.
CREATE VIEW analytics.reply_times AS
SELECT r.conversation_id,
       r.seq,
       r.position,
       r.sender                     AS user_id,
       r.sent_at                    AS replied_at,
       r.asked_by,
       r.asked_seq,
       r.asked_position,
       r.asked_at,
       extract(epoch FROM r.sent_at - r.asked_at)::float8      AS reply_seconds,
       extract(epoch FROM r.sent_at - r.last_asked_at)::float8 AS seconds_since_last
FROM (SELECT b.*,
             lag(b.sender) OVER run   AS asked_by,
             lag(b.seq) OVER run      AS asked_seq,
             lag(b.position) OVER run AS asked_position,
             lag(b.sent_at) OVER run  AS asked_at
      FROM (SELECT c.name AS conversation_id, m.seq, m.position, u.name AS sender, m.sent_at,
                   m.sender AS sender_number,
                   lag(m.sender) OVER message  AS last_sender_number,
                   lag(m.sent_at) OVER message AS last_asked_at
            FROM read.messages m
            JOIN read.conversations c ON c.id = m.conversation
            LEFT JOIN read.users u ON u.id = m.sender
            WHERE m.type <> 'control'
            WINDOW message AS (PARTITION BY c.name ORDER BY m.seq)) b
      WHERE b.sender_number IS DISTINCT FROM b.last_sender_number
      WINDOW run AS (PARTITION BY b.conversation_id ORDER BY b.seq)) r
WHERE r.asked_seq IS NOT NULL;
COMMENT ON VIEW analytics.reply_times IS
    'One row per reply: the first message after one or more messages of somebody else. Control messages do not count.';
COMMENT ON COLUMN analytics.reply_times.conversation_id IS 'The conversation.';
COMMENT ON COLUMN analytics.reply_times.seq IS 'The seq of the reply.';
COMMENT ON COLUMN analytics.reply_times.position IS 'The position of the reply.';
COMMENT ON COLUMN analytics.reply_times.user_id IS 'The user who replied.';
COMMENT ON COLUMN analytics.reply_times.replied_at IS 'When the reply was sent.';
COMMENT ON COLUMN analytics.reply_times.asked_by IS 'The user who wrote before.';
COMMENT ON COLUMN analytics.reply_times.asked_seq IS 'The seq of the first message of that user since somebody else wrote.';
COMMENT ON COLUMN analytics.reply_times.asked_position IS 'The position of that message.';
COMMENT ON COLUMN analytics.reply_times.asked_at IS 'When that message was sent.';
COMMENT ON COLUMN analytics.reply_times.reply_seconds IS 'Seconds from that message to the reply. Negative if an import brought messages in another order.';
COMMENT ON COLUMN analytics.reply_times.seconds_since_last IS 'Seconds from the last message before the reply. `tidings log stats` shows its quantiles.';

-- Acknowledgements say up to which position a device has received everything. A member who sends
-- has read what was sent before.
CREATE VIEW analytics.delivery AS
SELECT c.name                       AS conversation_id,
       m.seq,
       m.position,
       f.name                       AS sender,
       m.sent_at,
       u.name                       AS user_id,
       a.position                   AS delivered_position,
       ae.occurred_at               AS delivered_at,
       r.position                   AS read_position,
       re.occurred_at               AS read_at
FROM read.messages m
JOIN read.conversations c ON c.id = m.conversation
JOIN read.stays s ON s.conversation = m.conversation
    AND s.from_position < m.position AND (s.to_position IS NULL OR s.to_position > m.position)
    AND s.user_id <> m.sender
JOIN read.users u ON u.id = s.user_id
LEFT JOIN read.users f ON f.id = m.sender
LEFT JOIN LATERAL (SELECT h.position FROM read.ack_history h
                   WHERE h.user_id = s.user_id AND h.position > m.position AND h.cursor >= m.position
                   ORDER BY h.position LIMIT 1) a ON true
LEFT JOIN log.events ae ON ae.position = a.position
LEFT JOIN LATERAL (
    SELECT least(
        (SELECT h.position FROM read.member_history h
         WHERE h.conversation = m.conversation AND h.user_id = s.user_id AND h.position > m.position
         AND h.read_high >= m.seq ORDER BY h.position LIMIT 1),
        (SELECT o.position FROM read.messages o
         WHERE o.sender = s.user_id AND o.conversation = m.conversation AND o.position > m.position
         ORDER BY o.position LIMIT 1)) AS position
    OFFSET 0) h ON true
LEFT JOIN LATERAL (
    SELECT h.position WHERE NOT EXISTS (
        SELECT FROM read.receipts_off o WHERE o.user_id = s.user_id
        AND o.from_position <= h.position AND (o.to_position IS NULL OR h.position < o.to_position))
    ) r ON true
LEFT JOIN log.events re ON re.position = r.position;
COMMENT ON VIEW analytics.delivery IS
    'One row per message and recipient: when the recipient''s devices received it, and when the recipient read it. Ask for some conversations or days: all of it can be large.';
COMMENT ON COLUMN analytics.delivery.conversation_id IS 'The conversation.';
COMMENT ON COLUMN analytics.delivery.seq IS 'The message.';
COMMENT ON COLUMN analytics.delivery.position IS 'The position of the message.';
COMMENT ON COLUMN analytics.delivery.sender IS 'The user who sent it.';
COMMENT ON COLUMN analytics.delivery.sent_at IS 'When it was sent.';
COMMENT ON COLUMN analytics.delivery.user_id IS 'The recipient: a user who was a member at that time.';
COMMENT ON COLUMN analytics.delivery.delivered_position IS 'The position at which a device of the recipient first acknowledged it. Null if none has.';
COMMENT ON COLUMN analytics.delivery.delivered_at IS 'When that was.';
COMMENT ON COLUMN analytics.delivery.read_position IS 'The position of the event by which the recipient read it, or of their next own message. Null if they have not, or had switched read receipts off.';
COMMENT ON COLUMN analytics.delivery.read_at IS 'When that was.';

-- Notes of agents are not shown: they belong to the desk. What a session had for the app of its
-- customer is not either.
CREATE VIEW analytics.service_sessions AS
SELECT s.id                         AS session_id,
       s.opened_position            AS position,
       s.desk,
       c.name                       AS conversation_id,
       s.customer,
       s.agent,
       s.state,
       s.opened_at,
       s.accepted_at,
       s.closed_at,
       s.closed_by,
       (SELECT t.text FROM read.session_texts t WHERE t.session = s.id AND t.kind = 'reason'
        ORDER BY t.position DESC LIMIT 1) AS reason,
       extract(epoch FROM s.accepted_at - s.opened_at)::float8 AS waiting_seconds,
       extract(epoch FROM s.closed_at - s.accepted_at)::float8 AS handling_seconds,
       (s.reply_target_ms / 1000.0)::float8 AS reply_target_seconds,
       (SELECT count(*) FROM read.session_steps p
        WHERE p.session = s.id AND p.cause = 'transferred') AS transfers,
       s.rating,
       (SELECT t.text FROM read.session_texts t WHERE t.session = s.id AND t.kind = 'rating'
        ORDER BY t.position DESC LIMIT 1) AS rating_text,
       analytics.read_json(s.tags)  AS tags
FROM read.service_sessions s
LEFT JOIN read.conversations c ON c.id = s.conversation;
COMMENT ON VIEW analytics.service_sessions IS
    'One row per session of a customer at a service desk, as it is now.';
COMMENT ON COLUMN analytics.service_sessions.session_id IS 'The session.';
COMMENT ON COLUMN analytics.service_sessions.position IS 'The position of the event that opened it.';
COMMENT ON COLUMN analytics.service_sessions.desk IS 'The desk that has it now, or had it last.';
COMMENT ON COLUMN analytics.service_sessions.conversation_id IS 'The conversation of the customer with that desk.';
COMMENT ON COLUMN analytics.service_sessions.customer IS 'The customer.';
COMMENT ON COLUMN analytics.service_sessions.agent IS 'The agent who has it, or had it last. Null while it waits.';
COMMENT ON COLUMN analytics.service_sessions.state IS 'waiting, open or closed.';
COMMENT ON COLUMN analytics.service_sessions.opened_at IS 'When the customer opened it.';
COMMENT ON COLUMN analytics.service_sessions.accepted_at IS 'When an agent first had it. Null if none has.';
COMMENT ON COLUMN analytics.service_sessions.closed_at IS 'When it was closed. For one that closed by itself, the time at which that was due.';
COMMENT ON COLUMN analytics.service_sessions.closed_by IS 'The user who closed it; tidings if it closed by itself.';
COMMENT ON COLUMN analytics.service_sessions.reason IS 'Why it was closed. Null if nothing was said, or if the text was erased.';
COMMENT ON COLUMN analytics.service_sessions.waiting_seconds IS 'Seconds from the opening to the first acceptance.';
COMMENT ON COLUMN analytics.service_sessions.handling_seconds IS 'Seconds from the first acceptance to the end.';
COMMENT ON COLUMN analytics.service_sessions.reply_target_seconds IS 'Within how many seconds the customer was to have a reply, when it was opened.';
COMMENT ON COLUMN analytics.service_sessions.transfers IS 'How often it was transferred to another agent or desk.';
COMMENT ON COLUMN analytics.service_sessions.rating IS 'The rating by the customer: 1 to 5. Null if there is none.';
COMMENT ON COLUMN analytics.service_sessions.rating_text IS 'What the customer wrote with the rating. Null if nothing, or if it was erased.';
COMMENT ON COLUMN analytics.service_sessions.tags IS 'The tags that agents have given it, as a JSON array.';

-- The role. Roles belong to the server, not to the database, and not every user may create them:
-- then `tidings analytics grant` says what is missing. In earlier releases `tidings psql` used a
-- role of this name, which could read the log and the read models; now it uses `tidings_psql`.
DO $$
BEGIN
    IF to_regrole('tidings_reader') IS NULL THEN
        BEGIN
            CREATE ROLE tidings_reader NOLOGIN;
        EXCEPTION
            -- Another database of this server is being migrated at the same time.
            WHEN duplicate_object OR unique_violation THEN NULL;
            WHEN insufficient_privilege THEN
                RAISE NOTICE 'the role tidings_reader is missing, and % may not create it', current_user;
        END;
    END IF;
    IF to_regrole('tidings_reader') IS NOT NULL THEN
        IF has_schema_privilege('tidings_reader', 'log', 'USAGE') THEN
            REVOKE ALL ON ALL TABLES IN SCHEMA log, read FROM tidings_reader;
            REVOKE ALL ON SCHEMA log, read FROM tidings_reader;
            REVOKE ALL ON public.events FROM tidings_reader;
        END IF;
        GRANT USAGE ON SCHEMA analytics TO tidings_reader;
        GRANT SELECT ON ALL TABLES IN SCHEMA analytics TO tidings_reader;
        -- Views that later migrations add.
        ALTER DEFAULT PRIVILEGES IN SCHEMA analytics GRANT SELECT ON TABLES TO tidings_reader;
    END IF;
END $$;
