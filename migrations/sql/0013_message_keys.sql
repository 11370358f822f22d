-- What a client needs to recognise its own messages, and to draw a conversation that it hears of
-- for the first time.

-- client_message_id   the key that the client of the author gave the message. Only the author gets
--                     it. Null for messages that were imported, erased, or sent before this column
--                     existed: their events do not have it either.
ALTER TABLE read.messages ADD COLUMN client_message_id text;

-- The entries of new and changed conversations say who did it, and those of new ones list the first
-- ten members and count all. Earlier entries get the same from their events, with the bytes that a
-- rebuild writes.
UPDATE read.timeline t
SET data = left(t.data, -1) || ',"by":' || to_json(e.payload ->> 'by')::text || coalesce(m.listed, '') || '}'
FROM (SELECT x.position, x.event_type, convert_from(x.payload, 'UTF8')::json AS payload FROM log.events x
      WHERE x.event_type IN ('conversation_created', 'conversation_changed', 'title_erased')) e
LEFT JOIN LATERAL (
    SELECT ',"member_count":' || json_array_length(e.payload -> 'members') || ',"members":['
           || string_agg(to_json(x.member ->> 'user')::text, ',' ORDER BY x.nth) || ']' AS listed
    FROM json_array_elements(e.payload -> 'members') WITH ORDINALITY AS x(member, nth)
    WHERE e.event_type = 'conversation_created' AND x.nth <= 10
) m ON true
WHERE t.position = e.position AND t.type IN ('conversation_created', 'conversation_changed')
  AND t.data IS NOT NULL AND e.payload ->> 'by' IS NOT NULL;
