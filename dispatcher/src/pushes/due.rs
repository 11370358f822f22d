//! Pushes that are due, with the tokens of their devices, and with only those messages that are
//! still unread.

use domain::mailbox::push_event::PushProvider;
use domain::time::Timestamp;
use push::store::PushTarget;
use sqlx::postgres::PgConnection;
use sqlx::types::time::OffsetDateTime;

use crate::notifications::due::{DueNotification, MAX_PREVIEW_CHARS, due_columns, due_joins};

/// A device of a user.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DeviceKey {
    /// The user.
    pub user: String,
    /// The device.
    pub device: String,
}

/// The key of a push: each device has at most one per conversation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PushKey {
    /// The device.
    pub device: DeviceKey,
    /// The conversation of the messages.
    pub conversation: String,
}

/// A push that is due. The field names are the columns of the query.
#[derive(Clone, sqlx::FromRow)]
pub struct DuePush {
    /// The notification.
    #[sqlx(flatten)]
    pub due: DueNotification,
    device: String,
    provider: String,
    /// The digest of the registration.
    pub digest: String,
    /// Whether a push shows the text of a message.
    pub preview_shown: bool,
    token: String,
    keys: Option<Vec<u8>>,
    topic: Option<String>,
    registered_at: OffsetDateTime,
    /// The name of the sender that others see.
    pub sender_name: Option<String>,
    /// The quiet hours of the user, as JSON.
    pub quiet_hours: Option<String>,
    /// Whether the user is deactivated or banned: then nothing is pushed.
    pub is_barred: bool,
}

impl DuePush {
    /// The device.
    pub fn device(&self) -> DeviceKey {
        DeviceKey {
            user: self.due.user_name.clone(),
            device: self.device.clone(),
        }
    }

    /// The key of the push.
    pub fn key(&self) -> PushKey {
        PushKey {
            device: self.device(),
            conversation: self.due.conversation.clone(),
        }
    }

    /// Who delivers. `None` for a provider of a newer release.
    pub fn provider(&self) -> Option<PushProvider> {
        let mut known = PushProvider::ALL.into_iter();
        known.find(|provider| provider.as_str() == self.provider)
    }

    /// Where to push to.
    pub fn target(&self, provider: PushProvider) -> PushTarget {
        PushTarget {
            provider,
            token: self.token.clone(),
            keys: self.keys.clone(),
            topic: self.topic.clone(),
            registered_at: Timestamp::from(self.registered_at),
        }
    }
}

/// Loads the pushes that are due, except those to devices that are `claimed` and through providers
/// that are `busy`, at most `limit`. There can be several for a device.
pub async fn load_due(
    connection: &mut PgConnection,
    claimed: &[DeviceKey],
    busy: &[&'static str],
    limit: i64,
) -> Result<Vec<DuePush>, sqlx::Error> {
    let users: Vec<&str> = claimed.iter().map(|device| device.user.as_str()).collect();
    let devices: Vec<&str> = claimed
        .iter()
        .map(|device| device.device.as_str())
        .collect();
    sqlx::query_as(DUE_SQL)
        .bind(MAX_PREVIEW_CHARS)
        .bind(users)
        .bind(devices)
        .bind(busy)
        .bind(limit)
        .fetch_all(connection)
        .await
}

/// Parameters: the length of a preview, the users and devices to exclude, the providers to exclude,
/// and the limit.
const DUE_SQL: &str = concat!(
    "SELECT ",
    due_columns!(),
    ", n.device, n.provider, n.digest, n.preview_shown, n.token, n.keys, n.topic, n.registered_at,
       (SELECT f.display_name FROM read.profiles f WHERE f.user_id = l.sender) AS sender_name,
       f.quiet_hours,
       coalesce(f.deactivated OR (f.restriction::json ->> 'kind' = 'banned'
                AND coalesce((f.restriction::json ->> 'until')::timestamptz > now(), true)), false)
           AS is_barred
     FROM (SELECT x.*, xp.provider, xp.digest, xp.preview AS preview_shown, xp.at AS registered_at,
                  xk.token, xk.keys, xk.topic
           FROM push.notices x
           JOIN read.users xu ON xu.name = x.user_name
           JOIN read.push_devices xp ON xp.user_id = xu.id AND xp.device = x.device
           JOIN push.tokens xk ON xk.user_name = x.user_name AND xk.device = x.device
               AND xk.digest = xp.digest
           WHERE x.told_position < x.to_position AND x.due_at <= now()
             AND NOT EXISTS (SELECT FROM unnest($2::text[], $3::text[]) h (user_name, device)
                             WHERE h.user_name = x.user_name AND h.device = x.device)
             AND xp.provider <> ALL($4::text[])
           ORDER BY x.due_at LIMIT $5) n ",
    due_joins!(),
    " LEFT JOIN read.profiles f ON f.user_id = u.id
     ORDER BY n.due_at"
);
