-- Copies of seals that are delivered to somebody outside: how far that is, for each address.
CREATE TABLE hooks.seal_copies (
    url    text   PRIMARY KEY,
    number bigint NOT NULL DEFAULT 0
);
