//! Random histories with policies, bans, silences, recalls, restores, clears and threads: what
//! every user is served agrees with the reference model, also after the server was killed, after a
//! restart, and after the read models and the search index were made again from the log.

use tests::history::RandomHistory;
use tests::seed::seed;
use tests::world::World;

use crate::search_leaks::compare_searches;
use crate::unread::compare_with_model;

/// Acts before each comparison.
const ACTS: usize = 60;

/// What happens between two comparisons.
#[derive(Debug, Clone, Copy)]
enum Event {
    Kill,
    Restart,
    Rebuild,
    RebuildSearch,
}

#[tokio::test(flavor = "multi_thread")]
async fn random_histories_agree_with_the_model_over_kills_and_rebuilds() {
    let mut world = World::start().await;
    let seed = seed("histories");
    let mut history = RandomHistory::start(seed, |user| world.user(user)).await;
    for event in [
        Event::Kill,
        Event::Rebuild,
        Event::Restart,
        Event::RebuildSearch,
        Event::Kill,
    ] {
        history.run_random(ACTS).await;
        compare(&history, "before", event).await;
        match event {
            Event::Kill => {
                world.kill();
                world.start_service().await;
            }
            Event::Restart => {
                world.stop();
                world.start_service().await;
            }
            Event::Rebuild => {
                world.run_ok(&["rebuild"]).await;
            }
            Event::RebuildSearch => {
                let data = world.dir.join("data").display().to_string();
                let rebuild = ["rebuild", "search", "--data", &data];
                world.run_ok(&rebuild).await;
            }
        }
        compare(&history, "after", event).await;
    }
    world.run_ok(&["verify"]).await;
}

/// Compares unread counts, inboxes, threads, histories and searches of all users.
async fn compare(history: &RandomHistory, when: &str, event: Event) {
    let compared = compare_with_model(history).await;
    compared.unwrap_or_else(|error| panic!("{when} {event:?}: {error}"));
    let (found, hidden) = compare_searches(history).await;
    assert!(found > 0 && hidden > 0, "{found} found, {hidden} hidden");
}
