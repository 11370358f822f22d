//! Webhooks and parked deliveries as text, for `tidings webhooks`.

use std::fmt::Write as _;

use crate::webhook::{ParkedDeliveryRow, WebhookStatus};

impl WebhookStatus {
    /// The webhook with its progress and its last failure.
    pub fn to_text(&self) -> String {
        let content = match (self.kind.as_str(), self.types.as_slice()) {
            ("events", []) => "all events".to_owned(),
            ("events", types) => types.join(", "),
            (kind, _) => kind.to_owned(),
        };
        let last = self
            .delivered_at
            .map_or_else(String::new, |at| format!(", the last at {at}"));
        let mut text = format!(
            "webhook {}  {}  {}\n  {content}\n  position {} of {}, {} delivered{last}, {} waiting, {} parked",
            self.id,
            self.state,
            self.url,
            self.position,
            self.head,
            self.delivered,
            self.waiting,
            self.parked
        );
        if let (Some(error), Some(at)) = (&self.error, self.error_at) {
            // Writing to a String cannot fail.
            let _ = write!(text, "\n  last failure at {at}: {error}");
        }
        text
    }
}

impl ParkedDeliveryRow {
    /// The delivery with the reason why it is parked, on one line.
    pub fn to_text(&self) -> String {
        let user = if self.user_name.is_empty() {
            String::new()
        } else {
            format!(" for {}", self.user_name)
        };
        format!(
            "webhook {}  position {}  {}{user}  parked at {} after {} attempts: {}",
            self.webhook, self.position, self.lane, self.parked_at, self.tries, self.error
        )
    }
}
