-- Live delivery asks after every batch which large conversations have something new that was not fanned
-- out. Conversations that never had are not in this index, and cost nothing.
CREATE INDEX conversations_unfanned ON read.conversations (unfanned) WHERE unfanned > 0;
