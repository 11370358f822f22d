//! An event as it is stored, before its content is removed.

/// An event whose content is to be removed.
#[derive(sqlx::FromRow)]
pub(super) struct AffectedEvent {
    pub(super) position: i64,
    pub(super) stream: i64,
    pub(super) message: Option<i64>,
    pub(super) event_type: String,
    pub(super) event_version: i16,
    pub(super) payload: Vec<u8>,
}
