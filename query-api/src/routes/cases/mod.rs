//! `GET /v1/moderation/cases` and `GET /v1/moderation/cases/{id}`: what moderators decide about.
//!
//! Moderators see every case. The owner and admins of a group see those of the group, but not those
//! about what they did themselves, and of its messages only what they see as members. To everybody
//! else no case exists.
//!
//! - `view`: the JSON of a case, and the columns from which it is built.
//! - `list`, `detail`: the routes.

pub(crate) mod detail;
pub(crate) mod list;
mod view;
