-- A default for users who have not chosen who may add them to groups (TIDINGS_GROUPS_FROM). Until
-- now the default of all users was `anyone`.
--
-- groups_from_chosen   whether an event says that the user has chosen `groups_from`. If not, and
--                      `groups_from` is `anyone`, the default of the system applies.
ALTER TABLE read.profiles ADD COLUMN groups_from_chosen boolean NOT NULL DEFAULT false;
