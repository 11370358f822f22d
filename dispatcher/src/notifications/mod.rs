//! Notifications of offline users. A notification covers a message and those that follow it within
//! a short window, and is sent only if they are still unread at the end of the window.
//!
//! In the order in which a notification passes through it:
//!
//! - `eligibility`: the SQL condition for whether a user is notified of a message.
//! - [`intake`]: enqueues notifications for the recipients of new messages, with the statements of
//!   [`enqueue`]. [`notice_ledger`]: what it needs of a ledger.
//! - [`due`]: loads the notifications that are due, with what is still unread.
//! - `payload`: builds the webhook message of a notification.
//! - [`notifier`]: the worker that drives all of this for a webhook. `crate::pushes` does so for
//!   devices.

pub mod due;
pub mod eligibility;
pub mod enqueue;
pub mod intake;
pub mod notice_ledger;
mod notifier;
mod payload;

pub use notifier::{Notifier, NotifierSetup};

#[cfg(test)]
mod tests {
    //! The SQL of notifications against a real Postgres, with rows made by hand.

    use std::time::Duration;

    use domain::time::Timestamp;
    use sqlx::{PgConnection, Postgres, Transaction};
    use test_database::TestDatabase;

    use super::due::{DueNotification, NotificationKey, load_due};
    use super::enqueue::{MessageRef, NoticeTable, NotificationRecipients, enqueue};

    const WEBHOOK: i64 = 1;
    const TABLE: NoticeTable = NoticeTable::Webhook(WEBHOOK);
    const EVERYONE: NotificationRecipients<'static> = NotificationRecipients::AllExcept(&[]);
    const AN_HOUR: Duration = Duration::from_secs(3600);

    /// Ann, bob and cid are members of the conversations `c1` and `c2`, which are empty.
    const FIXTURE_SQL: &str = "
        INSERT INTO hooks.webhooks (url, secret, kind, position, floor)
        VALUES ('https://example.com', 'whsec_', 'notifications', 0, 0);
        INSERT INTO read.users (id, name) VALUES (1, 'ann'), (2, 'bob'), (3, 'cid');
        INSERT INTO read.conversations
            (id, name, kind, title, history, created_at, member_count, head_seq, countable, activity,
             unfanned)
        SELECT n, 'c' || n, 'group', 'Title ' || n, 'all', 'epoch', 3, 0, 0, 0, 0
        FROM generate_series(1, 2) n;
        INSERT INTO read.members
            (conversation, user_id, present, role, joined_at, joined_order, joined_seq, read_seq,
             read_high, own_seq, muted, pinned, archived)
        SELECT c.id, u.id, true, 'member', 'epoch', u.id, 0, 0, 0, 0, false, false, false
        FROM read.conversations c CROSS JOIN read.users u;";

    /// A notification as it is stored: who, in which conversation, from where to where.
    type NoticeRow = (String, String, i64, i64);

    /// What differs from a plain message of ann, how, and which users are notified then.
    const ELIGIBILITY: [(&str, &str, &[&str]); 13] = [
        ("nothing", "", &["bob", "cid"]),
        (
            "read by bob",
            "UPDATE read.members SET read_seq = 1 WHERE user_id = 2",
            &["cid"],
        ),
        (
            "left by bob",
            "UPDATE read.members SET present = false WHERE user_id = 2",
            &["cid"],
        ),
        (
            "muted by bob",
            "UPDATE read.members SET muted = true WHERE user_id = 2",
            &["cid"],
        ),
        (
            "archived by bob",
            "UPDATE read.members SET archived = true WHERE user_id = 2",
            &["cid"],
        ),
        (
            "muted and archived by bob, who is mentioned",
            "UPDATE read.members SET muted = true, archived = true WHERE user_id = 2;
             UPDATE read.messages SET mentions = '[\"bob\"]'",
            &["bob", "cid"],
        ),
        (
            "muted by bob, and someone with a longer name is mentioned",
            "UPDATE read.members SET muted = true WHERE user_id = 2;
             UPDATE read.messages SET mentions = '[\"bobby\"]'",
            &["cid"],
        ),
        (
            "muted by bob, who is mentioned but does not want mentions",
            "UPDATE read.members SET muted = true, mentions = false WHERE user_id = 2;
             UPDATE read.messages SET mentions = '[\"bob\"]'",
            &["cid"],
        ),
        (
            "bob has blocked the sender",
            "INSERT INTO read.blocks (user_id, blocked) VALUES (2, 1)",
            &["cid"],
        ),
        (
            "the sender has blocked bob, and bob someone else",
            "INSERT INTO read.blocks (user_id, blocked) VALUES (1, 2), (2, 3)",
            &["bob", "cid"],
        ),
        (
            "sent before bob joined",
            "UPDATE read.conversations SET history = 'since_join';
             INSERT INTO read.stays VALUES (1, 2, 9, NULL, 1, NULL), (1, 3, 1, NULL, 0, NULL)",
            &["cid"],
        ),
        ("recalled", "UPDATE read.messages SET recalled = true", &[]),
        (
            "a control message",
            "UPDATE read.messages SET type = 'control'",
            &[],
        ),
    ];

    async fn database() -> TestDatabase {
        let database = TestDatabase::migrated("dispatcher").await;
        sqlx::raw_sql(FIXTURE_SQL)
            .execute(&database.pool)
            .await
            .unwrap();
        database
    }

    async fn execute(connection: &mut PgConnection, sql: &str) {
        sqlx::raw_sql(sql)
            .execute(connection)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Appends a text message of ann to a conversation.
    async fn send(connection: &mut PgConnection, conversation: i64, text: &str) -> MessageRef {
        let (seq, position): (i64, i64) = sqlx::query_as(
            "WITH c AS (
                 UPDATE read.conversations SET head_seq = head_seq + 1, countable = countable + 1
                 WHERE id = $1 RETURNING id, head_seq, countable)
             INSERT INTO read.messages
                 (conversation, seq, position, sender, sent_at, ordinal, recalled, fanned, type, body)
             SELECT c.id, c.head_seq, (SELECT count(*) FROM read.messages) + 1, 1, 'epoch', c.countable,
                    false, true, 'text', json_build_object('text', $2::text)::text
             FROM c RETURNING seq, position",
        )
        .bind(conversation)
        .bind(text)
        .fetch_one(connection)
        .await
        .unwrap();
        MessageRef {
            conversation: format!("c{conversation}"),
            seq,
            position,
            time: Timestamp::from_millis(0),
        }
    }

    async fn enqueue_for(
        connection: &mut PgConnection,
        messages: &[&MessageRef],
        recipients: &NotificationRecipients<'_>,
    ) -> u64 {
        enqueue(connection, TABLE, messages, recipients, Duration::ZERO)
            .await
            .unwrap()
    }

    async fn stored(connection: &mut PgConnection) -> Vec<NoticeRow> {
        sqlx::query_as(
            "SELECT user_name, conversation, from_position, to_position FROM hooks.notices
             ORDER BY user_name, conversation",
        )
        .fetch_all(connection)
        .await
        .unwrap()
    }

    async fn stored_users(connection: &mut PgConnection) -> Vec<String> {
        let rows = stored(connection).await;
        rows.into_iter().map(|(user, ..)| user).collect()
    }

    fn row(user: &str, conversation: &str, from: i64, to: i64) -> NoticeRow {
        (user.to_owned(), conversation.to_owned(), from, to)
    }

    async fn due(connection: &mut PgConnection) -> Vec<DueNotification> {
        load_due(connection, WEBHOOK, &[], 100).await.unwrap()
    }

    /// Marks every stored notification as delivered.
    async fn deliver_all(connection: &mut PgConnection) {
        execute(
            connection,
            "UPDATE hooks.notices SET told_position = to_position",
        )
        .await;
    }

    #[tokio::test]
    async fn each_rule_of_eligibility_excludes_its_users() {
        let database = database().await;
        for (reason, change, notified) in ELIGIBILITY {
            let mut transaction = database.pool.begin().await.unwrap();
            let message = send(&mut transaction, 1, "hello").await;
            execute(&mut transaction, change).await;
            enqueue_for(&mut transaction, &[&message], &EVERYONE).await;
            assert_eq!(stored_users(&mut transaction).await, notified, "{reason}");
            transaction.rollback().await.unwrap();
        }
        database.close().await;
    }

    /// The users that are notified of one message, with the given kind of recipients.
    async fn notified(
        transaction: &mut Transaction<'_, Postgres>,
        recipients: &NotificationRecipients<'_>,
        message: &MessageRef,
    ) -> Vec<String> {
        execute(transaction, "DELETE FROM hooks.notices").await;
        enqueue_for(transaction, &[message], recipients).await;
        stored_users(transaction).await
    }

    #[tokio::test]
    async fn recipients_are_chosen_by_name_and_by_what_their_devices_have_received() {
        let database = database().await;
        let mut transaction = database.pool.begin().await.unwrap();
        let message = send(&mut transaction, 1, "hello").await;
        let bob = ["bob".to_owned()];
        let both = ["bob".to_owned(), "cid".to_owned()];
        let all_except = NotificationRecipients::AllExcept(&bob);
        let undelivered = NotificationRecipients::Undelivered(&bob);
        let all_undelivered_except = NotificationRecipients::AllUndeliveredExcept(&bob);
        let both_undelivered = NotificationRecipients::Undelivered(&both);

        assert_eq!(
            notified(&mut transaction, &all_except, &message).await,
            ["cid"]
        );
        assert_eq!(
            notified(&mut transaction, &undelivered, &message).await,
            ["bob"]
        );
        let users = notified(&mut transaction, &all_undelivered_except, &message).await;
        assert_eq!(users, ["cid"]);

        // One of cid's devices has received the message, the other one has not.
        execute(
            &mut transaction,
            "INSERT INTO read.devices (user_id, device, cursor, position, acked_at)
             VALUES (3, 'phone', 1, 2, 'epoch'), (3, 'tablet', 0, 3, 'epoch'),
                    (2, 'phone', 0, 4, 'epoch')",
        )
        .await;
        let users = notified(&mut transaction, &both_undelivered, &message).await;
        assert_eq!(users, ["bob"]);
        let users = notified(&mut transaction, &all_undelivered_except, &message).await;
        assert_eq!(users, [""; 0]);
        // A user who was offline all the time is notified regardless of the devices.
        assert_eq!(
            notified(&mut transaction, &all_except, &message).await,
            ["cid"]
        );
        transaction.rollback().await.unwrap();
        database.close().await;
    }

    #[tokio::test]
    async fn a_batch_becomes_one_notification_per_user_and_conversation() {
        let database = database().await;
        let mut connection = database.pool.acquire().await.unwrap();
        let first = send(&mut connection, 1, "one").await;
        let second = send(&mut connection, 1, "two").await;
        let other = send(&mut connection, 2, "elsewhere").await;
        let unknown = MessageRef {
            conversation: "c9".to_owned(),
            ..first.clone()
        };
        let batch = [&first, &second, &other, &unknown];
        assert_eq!(enqueue_for(&mut connection, &batch, &EVERYONE).await, 4);
        let expected = [
            row("bob", "c1", 1, 2),
            row("bob", "c2", 3, 3),
            row("cid", "c1", 1, 2),
            row("cid", "c2", 3, 3),
        ];
        assert_eq!(stored(&mut connection).await, expected);

        // The same batch again, and an empty one, change nothing.
        assert_eq!(enqueue_for(&mut connection, &batch, &EVERYONE).await, 0);
        assert_eq!(enqueue_for(&mut connection, &[], &EVERYONE).await, 0);
        assert_eq!(stored(&mut connection).await, expected);
        drop(connection);
        database.close().await;
    }

    #[tokio::test]
    async fn a_pending_notification_is_extended_and_a_delivered_one_begins_again() {
        let database = database().await;
        let mut connection = database.pool.acquire().await.unwrap();
        let only_bob = ["cid".to_owned()];
        let bob = NotificationRecipients::AllExcept(&only_bob);
        let due_at = "SELECT due_at::text FROM hooks.notices";
        let first = send(&mut connection, 1, "one").await;
        enqueue_for(&mut connection, &[&first], &bob).await;
        execute(&mut connection, "UPDATE hooks.notices SET tries = 2").await;
        let before: String = sqlx::query_scalar(due_at)
            .fetch_one(&mut *connection)
            .await
            .unwrap();

        // Pending: it covers more messages, and is not postponed.
        let second = send(&mut connection, 1, "two").await;
        enqueue(&mut connection, TABLE, &[&second], &bob, AN_HOUR)
            .await
            .unwrap();
        assert_eq!(stored(&mut connection).await, [row("bob", "c1", 1, 2)]);
        let after: String = sqlx::query_scalar(due_at)
            .fetch_one(&mut *connection)
            .await
            .unwrap();
        assert_eq!(after, before);
        assert_eq!(due(&mut connection).await[0].tries, 2);

        // Delivered: it covers only new messages, waits for its window, and has not been tried.
        deliver_all(&mut connection).await;
        let third = send(&mut connection, 1, "three").await;
        enqueue(&mut connection, TABLE, &[&third], &bob, AN_HOUR)
            .await
            .unwrap();
        assert_eq!(stored(&mut connection).await, [row("bob", "c1", 3, 3)]);
        assert!(due(&mut connection).await.is_empty());
        execute(&mut connection, "UPDATE hooks.notices SET due_at = now()").await;
        assert_eq!(due(&mut connection).await[0].tries, 0);
        drop(connection);
        database.close().await;
    }

    #[tokio::test]
    async fn a_due_notification_counts_what_is_still_unread() {
        let database = database().await;
        let mut connection = database.pool.acquire().await.unwrap();
        let only_bob = ["cid".to_owned()];
        let bob = NotificationRecipients::AllExcept(&only_bob);
        let mut sent = Vec::new();
        for text in ["one", "two", "three"] {
            sent.push(send(&mut connection, 1, text).await);
        }
        send(&mut connection, 2, "elsewhere").await;
        execute(
            &mut connection,
            "UPDATE read.messages SET mentions = '[\"bob\"]' WHERE conversation = 1 AND seq = 1",
        )
        .await;
        let batch: Vec<&MessageRef> = sent.iter().collect();
        enqueue_for(&mut connection, &batch, &bob).await;

        let only = |due: Vec<DueNotification>| {
            assert_eq!(due.len(), 1);
            due.into_iter().next().unwrap()
        };
        let before = only(due(&mut connection).await);
        assert_eq!(
            (before.messages, before.unread, before.badge),
            (Some(3), Some(3), Some(4))
        );
        assert_eq!(
            (before.seq, before.preview.as_deref(), before.mentioned),
            (Some(3), Some("three"), Some(true))
        );
        assert_eq!(
            (before.sender.as_deref(), before.title.as_deref()),
            (Some("ann"), Some("Title 1"))
        );

        // Bob reads the first message, the last one is recalled, and the other conversation muted.
        execute(
            &mut connection,
            "UPDATE read.members SET read_seq = 1 WHERE conversation = 1 AND user_id = 2;
             UPDATE read.messages SET recalled = true, body = NULL WHERE conversation = 1 AND seq = 3;
             UPDATE read.members SET muted = true WHERE conversation = 2 AND user_id = 2",
        )
        .await;
        let after = only(due(&mut connection).await);
        assert_eq!(
            (after.messages, after.unread, after.badge),
            (Some(1), Some(1), Some(1))
        );
        assert_eq!(
            (after.seq, after.preview.as_deref(), after.mentioned),
            (Some(2), Some("two"), Some(false))
        );

        // Nothing is left to report, but the notification is still returned, to be completed.
        execute(
            &mut connection,
            "UPDATE read.members SET read_seq = 3 WHERE conversation = 1 AND user_id = 2",
        )
        .await;
        let empty = only(due(&mut connection).await);
        assert_eq!(
            (empty.messages, empty.unread, empty.badge, empty.seq),
            (Some(0), None, None, None)
        );
        drop(connection);
        database.close().await;
    }

    #[tokio::test]
    async fn due_notifications_are_loaded_oldest_first_and_once() {
        let database = database().await;
        let mut connection = database.pool.acquire().await.unwrap();
        for conversation in [1, 2] {
            let message = send(&mut connection, conversation, "hello").await;
            enqueue_for(&mut connection, &[&message], &EVERYONE).await;
        }
        execute(
            &mut connection,
            "UPDATE hooks.notices SET due_at = now() - CASE
                 WHEN user_name = 'cid' AND conversation = 'c2' THEN interval '2 hours'
                 WHEN user_name = 'bob' AND conversation = 'c1' THEN interval '1 hour'
                 ELSE interval '-1 hour' END",
        )
        .await;
        let keys = |due: &[DueNotification]| -> Vec<NotificationKey> {
            due.iter().map(DueNotification::key).collect()
        };
        let key = |user: &str, conversation: &str| NotificationKey {
            user: user.to_owned(),
            conversation: conversation.to_owned(),
        };
        let (oldest, newest) = (key("cid", "c2"), key("bob", "c1"));
        let all = due(&mut connection).await;
        assert_eq!(keys(&all), [oldest.clone(), newest.clone()]);

        let limited = load_due(&mut connection, WEBHOOK, &[], 1).await.unwrap();
        assert_eq!(keys(&limited), std::slice::from_ref(&oldest));
        // The claim names a pair: the same user in another conversation is not claimed.
        let claimed = [oldest, key("bob", "c2")];
        let rest = load_due(&mut connection, WEBHOOK, &claimed, 100)
            .await
            .unwrap();
        assert_eq!(keys(&rest), [newest]);
        let other_webhook = load_due(&mut connection, WEBHOOK + 1, &[], 100).await;
        assert!(other_webhook.unwrap().is_empty());

        deliver_all(&mut connection).await;
        assert!(due(&mut connection).await.is_empty());
        drop(connection);
        database.close().await;
    }

    #[tokio::test]
    async fn previews_are_short_and_come_from_texts_and_names() {
        let database = database().await;
        let mut connection = database.pool.acquire().await.unwrap();
        let message = send(&mut connection, 1, "hello").await;
        enqueue_for(&mut connection, &[&message], &EVERYONE).await;
        let long = "字".repeat(200);
        for (kind, body, preview) in [
            ("text", r#"{"text":"hello"}"#.to_owned(), Some("hello")),
            (
                "text",
                format!(r#"{{"text":"{long}"}}"#),
                Some(&long[..360]),
            ),
            ("file", r#"{"name":"a.pdf"}"#.to_owned(), Some("a.pdf")),
            ("file", r#"{"name":7}"#.to_owned(), None),
            ("custom", r#"{"text":"not shown"}"#.to_owned(), None),
            // Postgres cannot represent U+0000 in text.
            ("text", r#"{"text":"a\u0000b"}"#.to_owned(), None),
        ] {
            sqlx::query("UPDATE read.messages SET type = $1, body = $2")
                .bind(kind)
                .bind(&body)
                .execute(&mut *connection)
                .await
                .unwrap();
            let due = due(&mut connection).await;
            assert_eq!(due.len(), 2);
            assert_eq!(due[0].preview.as_deref(), preview, "{kind} {body}");
        }
        drop(connection);
        database.close().await;
    }
}
