//! How soon a new list of 100,000 words counts in every process.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::json;
use tests::client::Client;
use tests::program::Program;
use tests::world::create_dir;
use tests::{servers, token};

/// How often the list is set. The longest delay counts.
const ROUNDS: usize = 5;

/// The longest wait for one list.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The longest time in seconds from the answer to the administrator until both of two processes
/// refuse one of the words.
pub async fn measure_effect(words: &[String]) -> Result<f64> {
    let dir = create_dir();
    let servers = servers::start_both(&dir.join("servers"));
    let one = Program::start(&servers, &dir.join("one")).await?;
    let two = Program::start(&servers, &dir.join("two")).await?;
    let created = one.user("ann").create_group("room", &["bob"]).await;
    ensure!(created.status == 201, "{created}");
    let admin = one
        .user("admin")
        .with_token(Some(token::for_admin("admin")));
    let mut longest = Duration::ZERO;
    for round in 0..ROUNDS {
        let word = format!("listed{round}");
        let mut words = words.to_vec();
        words[round].clone_from(&word);
        let list = json!({ "action": "refuse", "match": "word", "words": words });
        let set = admin.put("/v1/moderation/lists/large", Some(list)).await;
        ensure!(set.status == 200, "{set}");
        let answered = Instant::now();
        let (ann, bob) = (one.user("ann"), two.user("bob"));
        let delays = tokio::try_join!(
            wait_until_refused(&ann, &word, answered),
            wait_until_refused(&bob, &word, answered)
        )?;
        println!(
            "a list of {} words counts after {:?} and {:?}",
            words.len(),
            delays.0,
            delays.1
        );
        longest = longest.max(delays.0).max(delays.1);
    }
    Ok(longest.as_secs_f64())
}

/// Sends the word until it is refused; returns how long that took.
async fn wait_until_refused(user: &Client, word: &str, since: Instant) -> Result<Duration> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let sent = user.send("room", &format!("{word}-{attempt}"), word).await;
        if sent.status == 422 {
            return Ok(since.elapsed());
        }
        ensure!(sent.status == 201, "{sent}");
        ensure!(
            since.elapsed() < TIMEOUT,
            "{word} is not refused after {TIMEOUT:?}"
        );
    }
}
