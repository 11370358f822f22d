-- Customers and agents list their own service sessions, the newest first. The tables of sessions
-- are as new as these indexes, so there is little to go through.
CREATE INDEX service_sessions_by_customer ON read.service_sessions (customer, opened_position);
CREATE INDEX service_sessions_by_agent ON read.service_sessions (agent, opened_position)
    WHERE agent IS NOT NULL;
