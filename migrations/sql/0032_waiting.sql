-- Who waits to become a member, found the other way round.
--
-- The owner and the admins of a group list its invitations, oldest first. They also see the profile
-- of a user who asks to join, as long as the request waits; whether there is such a request is a
-- question about that user.
CREATE INDEX invitations_in_order ON read.invitations (conversation, position);
CREATE INDEX join_requests_by_user ON read.join_requests (user_id);
