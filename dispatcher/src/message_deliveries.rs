//! What has become of one message at each webhook, for `tidings trace`.

use domain::time::Timestamp;
use serde::Serialize;
use sqlx::PgPool;
use sqlx::types::time::OffsetDateTime;
use utoipa::ToSchema;

/// The maximum number of notifications that are listed.
const MAX_NOTIFICATIONS: i64 = 1_000;

/// The delivery of the event that sent a message, to one webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EventDelivery {
    /// The webhook.
    pub webhook: i64,
    /// Its address.
    pub url: String,
    /// `delivered`, `waiting` (it failed and will be tried again, or waits behind one that did),
    /// `parked` (given up), `pending` (not tried yet), `off` (not tried, because the webhook is
    /// off or gone), or `not_selected` (the webhook does not deliver this type, or began later).
    pub state: &'static str,
    /// The number of attempts, if that is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<i32>,
    /// When it is due again, or when it was parked. That of a delivery is not stored.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub at: Option<Timestamp>,
    /// Why it was parked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The notification of one user of a message and its neighbours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NotificationState {
    /// The webhook.
    pub webhook: i64,
    /// The user.
    pub user: String,
    /// `settled` (sent, or found to be needless: which one is not stored), `pending`, or `parked`.
    pub state: &'static str,
    /// The number of attempts.
    pub attempts: i32,
    /// When it is due, or when it was parked.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Why it was parked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What has become of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct MessageDeliveries {
    /// The deliveries of its event, by webhook.
    pub events: Vec<EventDelivery>,
    /// The notifications of it, at most 1,000.
    pub notifications: Vec<NotificationState>,
}

#[derive(sqlx::FromRow)]
struct WebhookEventRow {
    id: i64,
    url: String,
    types: Vec<String>,
    state: String,
    position: i64,
    floor: i64,
    waiting_tries: Option<i32>,
    due_at: Option<OffsetDateTime>,
    parked_tries: Option<i32>,
    error: Option<String>,
    parked_at: Option<OffsetDateTime>,
}

/// Loads what has become of the message that was sent at a position of a conversation.
pub async fn load_message_deliveries(
    pool: &PgPool,
    conversation: &str,
    position: i64,
) -> Result<MessageDeliveries, sqlx::Error> {
    let rows: Vec<WebhookEventRow> = sqlx::query_as(
        "SELECT w.id, w.url, w.types, w.state, w.position, w.floor,
                x.tries AS waiting_tries, x.due_at, p.tries AS parked_tries, p.error, p.parked_at
         FROM hooks.webhooks w
         LEFT JOIN hooks.waiting x ON x.webhook = w.id AND x.position = $1
         LEFT JOIN hooks.parked p ON p.webhook = w.id AND p.position = $1 AND p.user_name = ''
         WHERE w.kind = 'events' ORDER BY w.id",
    )
    .bind(position)
    .fetch_all(pool)
    .await?;
    Ok(MessageDeliveries {
        events: rows
            .into_iter()
            .map(|row| to_delivery(row, position))
            .collect(),
        notifications: load_notifications(pool, conversation, position).await?,
    })
}

fn to_delivery(row: WebhookEventRow, position: i64) -> EventDelivery {
    let is_selected = row.types.is_empty() || row.types.iter().any(|name| name == "message_sent");
    let (state, attempts, at) = if let Some(parked_at) = row.parked_at {
        ("parked", row.parked_tries, Some(parked_at))
    } else if let Some(due_at) = row.due_at {
        ("waiting", row.waiting_tries, Some(due_at))
    } else if !is_selected || position <= row.floor {
        ("not_selected", None, None)
    } else if position <= row.position {
        ("delivered", None, None)
    } else if row.state == "on" {
        ("pending", None, None)
    } else {
        ("off", None, None)
    };
    EventDelivery {
        webhook: row.id,
        url: row.url,
        state,
        attempts,
        at: at.map(Timestamp::from),
        error: row.error,
    }
}

async fn load_notifications(
    pool: &PgPool,
    conversation: &str,
    position: i64,
) -> Result<Vec<NotificationState>, sqlx::Error> {
    type Row = (i64, String, String, i32, OffsetDateTime, Option<String>);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT * FROM (
             SELECT n.webhook, n.user_name,
                    CASE WHEN n.told_position >= $2 THEN 'settled' ELSE 'pending' END AS state,
                    n.tries, n.due_at AS at, NULL AS error
             FROM hooks.notices n
             WHERE n.conversation = $1 AND n.to_position >= $2
               AND (n.told_position >= $2 OR n.from_position <= $2)
               AND NOT EXISTS (SELECT FROM hooks.parked p
                               WHERE p.webhook = n.webhook AND p.user_name = n.user_name
                                 AND p.lane = n.conversation AND p.position >= $2)
             UNION ALL
             SELECT p.webhook, p.user_name, 'parked', p.tries, p.parked_at, p.error
             FROM hooks.parked p
             WHERE p.lane = $1 AND p.user_name <> '' AND p.position >= $2) x
         ORDER BY x.webhook, x.user_name, x.at LIMIT $3",
    )
    .bind(conversation)
    .bind(position)
    .bind(MAX_NOTIFICATIONS)
    .fetch_all(pool)
    .await?;
    let states = rows
        .into_iter()
        .map(|(webhook, user, state, attempts, at, error)| {
            let state = match state.as_str() {
                "settled" => "settled",
                "parked" => "parked",
                _ => "pending",
            };
            NotificationState {
                webhook,
                user,
                state,
                attempts,
                at: at.into(),
                error,
            }
        });
    Ok(states.collect())
}

#[cfg(test)]
mod tests {
    use test_database::TestDatabase;

    use super::*;

    const FIXTURE_SQL: &str = "
        INSERT INTO hooks.webhooks (url, secret, kind, types, position, floor, state) VALUES
            ('https://a.example', 'whsec_', 'events', '{}', 9, 0, 'on'),
            ('https://b.example', 'whsec_', 'events', '{}', 9, 0, 'on'),
            ('https://c.example', 'whsec_', 'events', '{}', 9, 0, 'on'),
            ('https://d.example', 'whsec_', 'events', '{}', 4, 0, 'on'),
            ('https://e.example', 'whsec_', 'events', '{member_added}', 9, 0, 'on'),
            ('https://f.example', 'whsec_', 'events', '{}', 9, 6, 'on'),
            ('https://g.example', 'whsec_', 'notifications', '{}', 9, 0, 'on');
        INSERT INTO hooks.waiting VALUES (2, 5, '/conversations/team', 3, 'epoch');
        INSERT INTO hooks.parked VALUES (3, 5, '/conversations/team', '', 30, 'status 500', 'epoch'),
            (7, 6, 'team', 'dee', 30, 'status 500', 'epoch');
        INSERT INTO hooks.notices (webhook, user_name, conversation, from_position, to_position,
                                   told_position, since, due_at) VALUES
            (7, 'ann', 'team', 5, 7, 0, 'epoch', 'epoch'),
            (7, 'bob', 'team', 5, 7, 7, 'epoch', 'epoch'),
            (7, 'cid', 'team', 6, 7, 0, 'epoch', 'epoch'),
            (7, 'dee', 'team', 7, 6, 6, 'epoch', 'epoch'),
            (7, 'eve', 'other', 5, 7, 0, 'epoch', 'epoch');";

    #[tokio::test]
    async fn each_webhook_and_each_notified_user_has_one_state() {
        let database = TestDatabase::migrated("dispatcher").await;
        sqlx::raw_sql(FIXTURE_SQL)
            .execute(&database.pool)
            .await
            .unwrap();
        let found = load_message_deliveries(&database.pool, "team", 5)
            .await
            .unwrap();
        let states: Vec<&str> = found.events.iter().map(|event| event.state).collect();
        let expected = [
            "delivered",
            "waiting",
            "parked",
            "pending",
            "not_selected",
            "not_selected",
        ];
        assert_eq!(states, expected);
        assert_eq!(found.events[1].attempts, Some(3));
        assert_eq!(found.events[2].error.as_deref(), Some("status 500"));
        assert_eq!(
            found.events[0].at, None,
            "the time of a delivery is not stored"
        );
        let notified: Vec<(&str, &str)> = found
            .notifications
            .iter()
            .map(|notified| (notified.user.as_str(), notified.state))
            .collect();
        assert_eq!(
            notified,
            [("ann", "pending"), ("bob", "settled"), ("dee", "parked")]
        );
        database.close().await;
    }
}
