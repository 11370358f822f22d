//! The counts, which cost a few index probes, equal those of a scan of every message.

use read_model::can_see;

use crate::fixture::{ANN, BOB, CID, NewMessage, ReadTables};

const CONVERSATIONS: i64 = 40;
const MESSAGES: u64 = 25;

/// The unread messages one by one, restricted by a further condition.
macro_rules! scan {
    ($condition:literal) => {
        concat!(
            "SELECT count(*) FROM read.members m
             JOIN read.conversations c ON c.id = m.conversation
             JOIN read.users u ON u.id = m.user_id
             JOIN read.messages o ON o.conversation = c.id
             WHERE m.conversation = $1 AND m.user_id = $2
               AND o.seq > m.read_seq AND o.sender <> m.user_id AND NOT o.recalled
               AND o.type <> 'control' AND ",
            can_see!("m", "c", "o.seq"),
            " AND ",
            $condition
        )
    };
}

/// A small deterministic generator (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

#[tokio::test]
async fn counts_equal_a_scan_of_every_message() {
    let tables = ReadTables::new().await;
    let mut dice = Dice(0x5eed);
    for conversation in 1..=CONVERSATIONS {
        add_random_conversation(&tables, conversation, &mut dice).await;
    }
    let mut counted = 0;
    for conversation in 1..=CONVERSATIONS {
        for user in [ANN, BOB, CID] {
            let unread = tables.unread(conversation, user).await;
            let scanned = tables.count(scan!("true"), conversation, user).await;
            assert_eq!(unread, scanned, "user {user} in {conversation}");
            let mentions = tables.unread_mentions(conversation, user).await;
            let scanned = scan!("o.mentions::jsonb ? u.name");
            let scanned = tables.count(scanned, conversation, user).await;
            assert_eq!(mentions, scanned, "user {user} in {conversation}");
            counted += unread + mentions;
        }
    }
    assert!(counted > 200, "only {counted} messages were counted");
    tables.close().await;
}

async fn add_random_conversation(tables: &ReadTables, conversation: i64, dice: &mut Dice) {
    let history = ["all", "since_join"][dice.below(2) as usize];
    tables.add_conversation(conversation, history).await;
    for user in [ANN, BOB, CID] {
        let read_seq = dice.below(MESSAGES + 1) as i64;
        tables.add_member(conversation, user, read_seq).await;
        add_random_stays(tables, conversation, user, dice).await;
        if dice.below(3) == 0 {
            let seq = dice.below(MESSAGES) as i64;
            tables.clear(conversation, user, seq).await;
        }
    }
    for _ in 0..MESSAGES {
        let sender = [ANN, BOB, CID][dice.below(3) as usize];
        let message = NewMessage {
            sender,
            kind: ["text", "text", "image", "control"][dice.below(4) as usize],
            recalled: dice.below(5) == 0,
            mentions: [None, Some(r#"["ann"]"#), Some(r#"["bob","cid"]"#)][dice.below(3) as usize],
        };
        tables.add_message(conversation, message).await;
    }
}

/// Two closed membership periods and an open one, with gaps between them, some of them empty.
async fn add_random_stays(tables: &ReadTables, conversation: i64, user: i64, dice: &mut Dice) {
    let mut seq = 0;
    for _ in 0..2 {
        let after = seq + dice.below(4) as i64;
        let until = after + dice.below(6) as i64;
        tables
            .add_stay(conversation, user, after, Some(until))
            .await;
        // Two periods never begin at the same position, which is the key of a period here.
        seq = until + 1;
    }
    let after = seq + dice.below(4) as i64;
    tables.add_stay(conversation, user, after, None).await;
}
