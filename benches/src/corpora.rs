//! `make corpora FILES="..."`: imports chat logs into a new system and compares what the services
//! return with a model computed from the files.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use tests::corpus::{Corpus, import_file};
use tests::log;
use tests::seed::seed;
use tests::world::World;

/// The options of `benches corpora`.
#[derive(clap::Args)]
pub struct Args {
    /// Chat logs as JSON Lines, plain or .gz.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// Compares count, order, senders, times and texts of every conversation, and the unread counts of
/// every user after reading up to random messages.
pub async fn run(args: &Args) -> Result<()> {
    let seed = seed("corpora");
    for file in &args.files {
        let corpus = Corpus::read(file)?;
        let world = World::start().await;
        let report = import_file(&world, file).await;
        println!("{}: {report}", file.display());
        let expected = [
            corpus.messages(),
            corpus.conversations.len(),
            corpus.users().len(),
            corpus.skipped,
        ];
        let printed = ["messages", "conversations", "users", "skipped"].map(|field| &report[field]);
        ensure!(
            printed
                .iter()
                .zip(&expected)
                .all(|(one, other)| **one == *other),
            "the file has {expected:?}"
        );
        let head = log::check_positions(&world.pool).await?;
        world.wait_until_projected(head).await;
        corpus.check_messages(|user| world.user(user), head).await?;
        let second = import_file(&world, file).await;
        ensure!(
            log::head(&world.pool).await? == head,
            "a second import appended events: {second}"
        );
        let counts = corpus.check_unread(|user| world.user(user), seed).await?;
        let [messages, conversations, users, _] = expected;
        println!(
            "  {messages} messages of {conversations} conversations equal the file; {counts} unread counts \
             of {users} users agree; a second import adds nothing"
        );
    }
    Ok(())
}
