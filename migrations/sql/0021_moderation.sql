-- Retention skips messages under a legal hold and goes on. When a hold is lifted or replaced, what
-- it has skipped may be due, so retention begins again at the first message. `lifted_holds` is the
-- number of holds that had been lifted or replaced when it last began.
ALTER TABLE log.retention ADD COLUMN lifted_holds bigint NOT NULL DEFAULT 0;
ALTER TABLE log.conversation_retention ADD COLUMN lifted_holds bigint NOT NULL DEFAULT 0;
