//! Which conversation uses which file: after any batch, the table has what one finds by looking at
//! all messages.

#![allow(clippy::unwrap_used)]

mod support;

use projector::Projector;
use support::history::HistoryGenerator;
use support::{ProjectorDatabase, config, log};

const SEEDS: u64 = 10;
const EVENTS: usize = 3_000;

/// Every use, as the rule says it, with the size of its file.
const USES: &str = "SELECT DISTINCT u.file, u.conversation, f.size FROM (
        SELECT g.file, g.conversation FROM read.messages g
        JOIN read.conversations c ON c.id = g.conversation
        WHERE NOT g.recalled AND (c.kind = 'group' OR EXISTS (
            SELECT FROM read.members m
            WHERE m.conversation = c.id AND m.present AND m.cleared_seq < g.seq))
        UNION ALL SELECT s.file, s.conversation FROM read.scheduled s
        UNION ALL SELECT h.file, h.conversation FROM read.held h
    ) u JOIN read.files f ON f.id = u.file AND f.phase IN ('stored', 'retired')";

#[tokio::test]
async fn the_table_has_the_uses_that_the_messages_show() {
    let (mut used, mut unused) = (0, 0);
    for seed in 0..SEEDS {
        let events = HistoryGenerator::with_events(seed, 8, EVENTS).log;
        let database = ProjectorDatabase::new().await;
        log::append(&database.pool, &events).await;
        let mut projector = Projector::open(database.pool.clone(), config())
            .await
            .unwrap();
        let (first, rest) = events.split_at(EVENTS / 2);
        for (part, size) in [(first, 7), (rest, 400)] {
            for batch in part.chunks(size) {
                projector.step(batch).await.unwrap();
            }
            let difference = format!(
                "WITH uses AS ({USES}), known AS (SELECT * FROM read.file_uses) \
                 SELECT count(*) FROM ((TABLE uses EXCEPT TABLE known) \
                 UNION ALL (TABLE known EXCEPT TABLE uses)) d"
            );
            assert_eq!(database.number(&difference).await, 0, "seed {seed}");
        }
        used += database.number("SELECT count(*) FROM read.file_uses").await;
        unused += database
            .number(
                "SELECT count(*) FROM read.files f WHERE f.phase <> 'reserved' \
                 AND NOT EXISTS (SELECT FROM read.file_uses u WHERE u.file = f.id)",
            )
            .await;
        database.close().await;
    }
    assert!(
        used > 50 && unused > 5,
        "{used} uses, {unused} unused files"
    );
}
