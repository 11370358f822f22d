//! What a push says.

use domain::time::Timestamp;
use push::PushNotification;
use sha2::{Digest as _, Sha256};

use super::due::DuePush;
use super::quiet_hours::is_quiet;

/// Builds the notification of a push. The id is the same whenever it covers the same messages.
pub fn build(due: &DuePush, now: Timestamp) -> PushNotification {
    let notification = &due.due;
    let sender = notification.sender.clone().unwrap_or_default();
    let sender_name = due.sender_name.clone().unwrap_or_else(|| sender.clone());
    let (title, subtitle) = match &notification.title {
        Some(title) => (title.clone(), Some(sender_name)),
        None => (sender_name, None),
    };
    PushNotification {
        id: id(due),
        quiet: is_quiet(due.quiet_hours.as_deref(), now),
        badge: notification.badge.unwrap_or_default(),
        conversation_id: notification.conversation.clone(),
        title,
        subtitle,
        body: notification.preview.clone().filter(|_| due.preview_shown),
        position: notification.position.unwrap_or_default(),
        seq: notification.seq.unwrap_or_default(),
        sender,
    }
}

fn id(due: &DuePush) -> [u8; 16] {
    let key = due.key();
    let position = due.due.to_position.to_string();
    let parts = [
        position.as_str(),
        &key.device.user,
        &key.device.device,
        &key.conversation,
    ];
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest: [u8; 32] = hash.finalize().into();
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    id
}
