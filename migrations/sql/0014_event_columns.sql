-- The view `events` gets the names and columns of exports, so that a query of one works with the
-- other. docs/data-dictionary.md describes them. `conversation` is filled for every event that
-- belongs to a conversation.
--
-- The old names (`aggregate_type`, `event_type`, `event_version`, `payload`, `metadata`,
-- `occurred_at`) stay for one release for analysts, and after that for postgres-es, which reads
-- them.
--
-- OFFSET 0 keeps the planner from parsing the payload once for each column that is selected. It
-- does not parse it if none is.
CREATE OR REPLACE VIEW public.events AS
SELECT e.position,
       s.aggregate_type,
       s.aggregate_id,
       e.sequence,
       e.event_type,
       e.event_version::text                  AS event_version,
       convert_from(e.payload, 'UTF8')::jsonb AS payload,
       jsonb_build_object('position', e.position::text, 'occurred_at', e.occurred_at::text) AS metadata,
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
       d.data
FROM log.events e
JOIN log.streams s ON s.id = e.stream
CROSS JOIN LATERAL (SELECT convert_from(e.payload, 'UTF8')::jsonb AS data OFFSET 0) d;

COMMENT ON VIEW public.events IS 'The event log. docs/data-dictionary.md describes the columns.';
COMMENT ON COLUMN public.events.conversation IS 'The conversation that the event belongs to.';
COMMENT ON COLUMN public.events.aggregate_type IS 'Old name of aggregate.';
COMMENT ON COLUMN public.events.event_type IS 'Old name of type.';
COMMENT ON COLUMN public.events.event_version IS 'Old name of version, as text.';
COMMENT ON COLUMN public.events.payload IS 'Old name of data.';
COMMENT ON COLUMN public.events.metadata IS 'Old: position and time, as JSON.';
COMMENT ON COLUMN public.events.occurred_at IS 'Old name of time.';
