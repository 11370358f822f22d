//! Which messages a member can see.

use crate::fixture::{ANN, BOB, CID, ROOM, ReadTables};

#[tokio::test]
async fn with_history_all_the_only_window_is_the_whole_conversation() {
    let tables = ReadTables::with_room("all").await;
    tables.add_member(ROOM, ANN, 0).await;
    assert_eq!(tables.windows(ROOM, ANN).await, [(0, 0)]);
    assert_eq!(tables.visible(ROOM, ANN).await, [0_i64; 0]);

    // The membership periods do not restrict it.
    tables.add_stay(ROOM, ANN, 1, Some(2)).await;
    tables.add_stay(ROOM, ANN, 4, None).await;
    tables.add_texts(ROOM, BOB, 5).await;
    assert_eq!(tables.windows(ROOM, ANN).await, [(0, 5)]);
    assert_eq!(tables.visible(ROOM, ANN).await, [1, 2, 3, 4, 5]);
    tables.close().await;
}

#[tokio::test]
async fn with_history_since_join_there_is_a_window_per_membership_period() {
    let tables = ReadTables::with_room("since_join").await;
    tables.add_member(ROOM, ANN, 0).await;
    tables.add_stay(ROOM, ANN, 1, Some(3)).await;
    tables.add_stay(ROOM, ANN, 5, Some(5)).await;
    tables.add_stay(ROOM, ANN, 6, None).await;
    tables.add_texts(ROOM, BOB, 8).await;

    // The open period ends at the head; one without messages is an empty window.
    assert_eq!(tables.windows(ROOM, ANN).await, [(1, 3), (5, 5), (6, 8)]);
    assert_eq!(tables.visible(ROOM, ANN).await, [2, 3, 7, 8]);
    tables.add_texts(ROOM, BOB, 1).await;
    assert_eq!(tables.visible(ROOM, ANN).await, [2, 3, 7, 8, 9]);
    tables.close().await;
}

#[tokio::test]
async fn a_member_who_has_just_joined_sees_nothing_of_before() {
    let tables = ReadTables::with_room("since_join").await;
    tables.add_texts(ROOM, BOB, 4).await;
    tables.add_member(ROOM, ANN, 4).await;
    tables.add_stay(ROOM, ANN, 4, None).await;
    assert_eq!(tables.windows(ROOM, ANN).await, [(4, 4)]);
    assert_eq!(tables.visible(ROOM, ANN).await, [0_i64; 0]);
    tables.close().await;
}

#[tokio::test]
async fn periods_of_other_users_and_of_other_conversations_do_not_count() {
    const OTHER: i64 = 2;
    let tables = ReadTables::with_room("since_join").await;
    tables.add_conversation(OTHER, "since_join").await;
    for conversation in [ROOM, OTHER] {
        tables.add_texts(conversation, CID, 6).await;
        tables.add_member(conversation, ANN, 0).await;
        tables.add_member(conversation, BOB, 0).await;
    }
    tables.add_stay(ROOM, ANN, 4, None).await;
    tables.add_stay(ROOM, BOB, 0, Some(2)).await;
    tables.add_stay(OTHER, ANN, 2, Some(3)).await;

    assert_eq!(tables.visible(ROOM, ANN).await, [5, 6]);
    assert_eq!(tables.visible(ROOM, BOB).await, [1, 2]);
    assert_eq!(tables.visible(OTHER, ANN).await, [3]);
    assert_eq!(tables.visible(OTHER, BOB).await, [0_i64; 0]);
    tables.close().await;
}

#[tokio::test]
async fn a_change_of_the_history_setting_takes_effect_at_once() {
    let tables = ReadTables::with_room("since_join").await;
    tables.add_texts(ROOM, BOB, 3).await;
    tables.add_member(ROOM, ANN, 0).await;
    tables.add_stay(ROOM, ANN, 2, None).await;
    assert_eq!(tables.visible(ROOM, ANN).await, [3]);
    tables
        .execute("UPDATE read.conversations SET history = 'all'")
        .await;
    assert_eq!(tables.visible(ROOM, ANN).await, [1, 2, 3]);
    tables.close().await;
}

#[tokio::test]
async fn what_a_member_has_cleared_is_hidden_from_that_member_alone() {
    for (history, before, after) in [
        ("all", vec![1, 2, 3, 4, 5, 6], vec![4, 5, 6]),
        ("since_join", vec![1, 2, 5, 6], vec![5, 6]),
    ] {
        let tables = ReadTables::with_room(history).await;
        for user in [ANN, CID] {
            tables.add_member(ROOM, user, 0).await;
            tables.add_stay(ROOM, user, 0, Some(2)).await;
            tables.add_stay(ROOM, user, 4, None).await;
        }
        tables.add_texts(ROOM, BOB, 6).await;
        assert_eq!(tables.visible(ROOM, ANN).await, before);
        tables.clear(ROOM, ANN, 3).await;
        assert_eq!(tables.visible(ROOM, ANN).await, after);
        assert_eq!(tables.visible(ROOM, CID).await, before);
        tables.clear(ROOM, ANN, 6).await;
        assert_eq!(tables.visible(ROOM, ANN).await, [0_i64; 0]);
        tables.add_texts(ROOM, BOB, 1).await;
        assert_eq!(tables.visible(ROOM, ANN).await, [7]);
        tables.close().await;
    }
}
