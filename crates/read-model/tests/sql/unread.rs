//! Which messages are unread for a member, and which of them mention the member.

use crate::fixture::{ANN, BOB, CID, NewMessage, ROOM, ReadTables, text_from};

#[tokio::test]
async fn messages_after_the_read_mark_are_unread() {
    let tables = ReadTables::with_room("all").await;
    tables.add_member(ROOM, ANN, 0).await;
    assert_eq!(tables.unread(ROOM, ANN).await, 0, "an empty conversation");

    tables.add_texts(ROOM, BOB, 5).await;
    for (read_seq, unread) in [(0, 5), (1, 4), (4, 1), (5, 0)] {
        tables.set_read_mark(ROOM, ANN, read_seq).await;
        assert_eq!(tables.unread(ROOM, ANN).await, unread, "after {read_seq}");
    }
    tables.close().await;
}

#[tokio::test]
async fn control_recalled_and_own_messages_are_not_unread() {
    let tables = ReadTables::with_room("all").await;
    tables.add_member(ROOM, ANN, 0).await;
    let recalled = |message| NewMessage {
        recalled: true,
        ..message
    };
    let control = |sender| NewMessage {
        kind: "control",
        ..text_from(sender)
    };
    for message in [
        text_from(BOB),
        control(BOB),
        recalled(text_from(BOB)),
        text_from(ANN),
        control(ANN),
        // Each of these is excluded for two reasons and must not be subtracted twice.
        recalled(control(BOB)),
        recalled(text_from(ANN)),
        recalled(control(ANN)),
        text_from(CID),
    ] {
        tables.add_message(ROOM, message).await;
    }

    // Only the first and the last message count.
    for (read_seq, unread) in [(0, 2), (1, 1), (2, 1), (3, 1), (8, 1), (9, 0)] {
        tables.set_read_mark(ROOM, ANN, read_seq).await;
        assert_eq!(tables.unread(ROOM, ANN).await, unread, "after {read_seq}");
    }
    tables.close().await;
}

#[tokio::test]
async fn own_messages_after_a_mark_that_was_moved_back_are_not_unread() {
    const OTHER: i64 = 2;
    let tables = ReadTables::with_room("all").await;
    tables.add_conversation(OTHER, "all").await;
    tables.add_member(ROOM, ANN, 0).await;
    tables.add_member(OTHER, ANN, 0).await;
    // Own messages in another conversation have higher positions but do not count here.
    tables.add_texts(OTHER, ANN, 4).await;
    for sender in [ANN, BOB, ANN, BOB] {
        tables.add_message(ROOM, text_from(sender)).await;
    }

    for (read_seq, unread) in [(4, 0), (3, 1), (2, 1), (1, 2), (0, 2)] {
        tables.set_read_mark(ROOM, ANN, read_seq).await;
        assert_eq!(tables.unread(ROOM, ANN).await, unread, "after {read_seq}");
    }
    assert_eq!(tables.unread(OTHER, ANN).await, 0);
    tables.close().await;
}

#[tokio::test]
async fn only_visible_messages_are_unread() {
    let tables = ReadTables::with_room("since_join").await;
    tables.add_member(ROOM, ANN, 0).await;
    tables.add_texts(ROOM, BOB, 10).await;
    tables.add_stay(ROOM, ANN, 2, Some(4)).await;
    tables.add_stay(ROOM, ANN, 7, None).await;

    // Marks before, within, between, at the end of and after the windows 3..=4 and 8..=10.
    for (read_seq, unread) in [
        (0, 5),
        (2, 5),
        (3, 4),
        (4, 3),
        (6, 3),
        (7, 3),
        (8, 2),
        (10, 0),
    ] {
        tables.set_read_mark(ROOM, ANN, read_seq).await;
        assert_eq!(tables.unread(ROOM, ANN).await, unread, "after {read_seq}");
    }
    tables.close().await;
}

#[tokio::test]
async fn unread_messages_that_name_the_member_are_mentions() {
    let tables = ReadTables::with_room("all").await;
    tables.add_member(ROOM, ANN, 0).await;
    let mentioning = |sender, mentions| NewMessage {
        mentions: Some(mentions),
        ..text_from(sender)
    };
    for message in [
        mentioning(BOB, r#"["ann"]"#),
        mentioning(BOB, r#"["cid","ann"]"#),
        // None of the following is an unread mention of ann.
        text_from(BOB),
        mentioning(BOB, r#"["cid"]"#),
        mentioning(BOB, r#"["anna","an"]"#),
        mentioning(ANN, r#"["ann"]"#),
        NewMessage {
            recalled: true,
            ..mentioning(BOB, r#"["ann"]"#)
        },
        NewMessage {
            kind: "control",
            ..mentioning(BOB, r#"["ann"]"#)
        },
    ] {
        tables.add_message(ROOM, message).await;
    }

    for (read_seq, mentions) in [(0, 2), (1, 1), (2, 0), (8, 0)] {
        tables.set_read_mark(ROOM, ANN, read_seq).await;
        let counted = tables.unread_mentions(ROOM, ANN).await;
        assert_eq!(counted, mentions, "after {read_seq}");
    }
    tables.close().await;
}

#[tokio::test]
async fn only_visible_mentions_count() {
    let tables = ReadTables::with_room("since_join").await;
    tables.add_member(ROOM, ANN, 0).await;
    let message = NewMessage {
        mentions: Some(r#"["ann"]"#),
        ..text_from(BOB)
    };
    for _ in 0..6 {
        tables.add_message(ROOM, message).await;
    }
    tables.add_stay(ROOM, ANN, 1, Some(2)).await;
    tables.add_stay(ROOM, ANN, 4, None).await;
    assert_eq!(tables.unread_mentions(ROOM, ANN).await, 3);
    tables.set_read_mark(ROOM, ANN, 5).await;
    assert_eq!(tables.unread_mentions(ROOM, ANN).await, 1);
    tables.close().await;
}
