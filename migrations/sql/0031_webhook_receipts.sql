-- The first answers to commands about webhooks that named an `Idempotency-Key`. Webhooks are not in
-- the log, so these answers are not in log.receipts. As there, they stay.
--
-- fingerprint   identifies the request; the same key with another request is a conflict.
-- answer        the body of the answer. That of a new webhook has its secret, as hooks.webhooks does.
CREATE TABLE hooks.receipts (
    user_name   text        NOT NULL,
    key         text        NOT NULL,
    fingerprint bytea       NOT NULL,
    answer      jsonb       NOT NULL DEFAULT 'null',
    stored_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_name, key)
);
