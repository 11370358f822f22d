-- Avatars that are files: a profile or a policy names a file of its user in place of an address. A
-- file is used as long as it is the avatar of anyone, and who sees a profile or is a member of a
-- conversation sees the file of its avatar.

-- avatar_file   the file that the avatar is; null if there is none, or it is an address. Until now
--               all were addresses.
ALTER TABLE read.policies ADD COLUMN avatar_file text;
CREATE INDEX policies_by_avatar ON read.policies (avatar_file) WHERE avatar_file IS NOT NULL;

-- The id of a file has no colon, and every address has one. Addresses can be too long for an index.
CREATE INDEX profiles_by_avatar ON read.profiles (avatar) WHERE strpos(avatar, ':') = 0;
