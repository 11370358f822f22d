//! Every command against a real log. Needs a Postgres: `TIDINGS_TEST_DATABASE_URL` or
//! `DEV_DATABASE_URL` names one in which databases may be created.

mod batch;
mod conversations;
mod document;
mod erase;
mod import;
mod inbox;
mod messages;
mod old_messages;
mod replays;
mod replicas;
mod requests;
mod world;
