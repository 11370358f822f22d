-- Columns of service sessions in the view `events`, as exports have them. Events of other kinds with
-- such a field have it in the same column: a restriction has a reason too.

-- The rest is as in 0046_traces.sql.
CREATE OR REPLACE VIEW public.events AS
SELECT e.position,
       s.aggregate_type,
       s.aggregate_id,
       e.sequence,
       e.event_type,
       e.event_version::text                  AS event_version,
       convert_from(e.payload, 'UTF8')::jsonb AS payload,
       jsonb_strip_nulls(jsonb_build_object('position', e.position::text, 'occurred_at', e.occurred_at::text, 'actor', e.actor, 'traceparent', e.traceparent)) AS metadata,
       e.occurred_at,
       e.occurred_at                          AS "time",
       e.event_type                           AS "type",
       e.event_version                        AS version,
       s.aggregate_type                       AS aggregate,
       CASE s.aggregate_type WHEN 'conversation' THEN s.aggregate_id ELSE d.data->>'conversation' END AS conversation,
       (d.data->>'seq')::bigint               AS seq,
       d.data->>'sender'                      AS sender,
       CASE e.event_type WHEN 'message_sent' THEN d.data->>'type' END AS message_type,
       d.data #>> '{body,text}'               AS "text",
       d.data->'body'                         AS body,
       (d.data->>'reply_to')::bigint          AS reply_to,
       CASE jsonb_typeof(d.data->'mentions') WHEN 'array' THEN d.data->'mentions' END AS mentions,
       (d.data->>'sent_at')::timestamptz      AS sent_at,
       (d.data->>'edited_at')::timestamptz    AS edited_at,
       d.data->>'by'                          AS "by",
       d.data->>'role'                        AS "role",
       d.data->>'key'                         AS reaction,
       d.data->>'kind'                        AS kind,
       d.data->>'title'                       AS title,
       d.data->>'history'                     AS history,
       d.data->'members'                      AS members,
       d.data->>'device'                      AS device,
       (d.data->>'cursor')::bigint            AS "cursor",
       (d.data->>'previous')::bigint          AS previous,
       (d.data->>'read_seq')::bigint          AS read_seq,
       (d.data->>'head_seq')::bigint          AS head_seq,
       (d.data->>'stay')::bigint              AS stay,
       (d.data->>'muted')::boolean            AS muted,
       (d.data->>'pinned')::boolean           AS pinned,
       (d.data->>'archived')::boolean         AS archived,
       CASE jsonb_typeof(d.data->'mentions') WHEN 'boolean' THEN (d.data->>'mentions')::boolean END AS notify_mentions,
       d.data->>'client_message_id'           AS client_message_id,
       (d.data->>'joined_at')::timestamptz    AS joined_at,
       (d.data->>'created_at')::timestamptz   AS created_at,
       d.data->>'user'                        AS user_id,
       d.data,
       e.actor,
       e.traceparent,
       d.data->>'session'                     AS session_id,
       d.data->>'desk'                        AS desk,
       d.data->>'customer'                    AS customer,
       d.data->>'agent'                       AS agent,
       d.data->>'reason'                      AS reason,
       (d.data->>'score')::bigint             AS score,
       (d.data->>'at')::timestamptz           AS "at",
       (d.data->>'due')::timestamptz          AS due
FROM log.events e
JOIN log.streams s ON s.id = e.stream
CROSS JOIN LATERAL (SELECT convert_from(e.payload, 'UTF8')::jsonb AS data OFFSET 0) d;

COMMENT ON COLUMN public.events.session_id IS 'The service session.';
COMMENT ON COLUMN public.events.desk IS 'The service desk that has the session.';
COMMENT ON COLUMN public.events.customer IS 'The customer who opened the session.';
COMMENT ON COLUMN public.events.agent IS 'The agent who has the session. Null while it waits.';
COMMENT ON COLUMN public.events.reason IS 'Why: of the end of a session, or of a restriction.';
COMMENT ON COLUMN public.events.score IS 'The rating of the session: 1 to 5.';
COMMENT ON COLUMN public.events.at IS 'When it happened in the session; for one that closed by itself, when that was due.';
COMMENT ON COLUMN public.events.due IS 'By when the customer was to have a reply.';
