-- Reminders of customers at service desks who have no reply in time. Until now desks had none.
--
-- reminders   whether the agents of the desk are reminded.
ALTER TABLE read.desks ADD COLUMN reminders boolean NOT NULL DEFAULT false;
