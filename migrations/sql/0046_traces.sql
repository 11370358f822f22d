-- The trace of a request. When an operator traces requests (docs/tracing.md), each event of a traced
-- request says which trace it belongs to, so that whatever handles the event later, in whichever
-- process, can continue the trace. It helps to find delays, and no rule depends on it.
--
-- traceparent   the W3C trace context of the request; null if the request was not traced. Events
--               that others cause later, such as scheduled messages, have none.
ALTER TABLE log.events ADD COLUMN traceparent text;

-- The view `events` gets the column too. The rest is as in 0015_actors.sql.
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
       e.traceparent
FROM log.events e
JOIN log.streams s ON s.id = e.stream
CROSS JOIN LATERAL (SELECT convert_from(e.payload, 'UTF8')::jsonb AS data OFFSET 0) d;

COMMENT ON COLUMN public.events.traceparent IS 'The trace of the request, if it was traced.';
