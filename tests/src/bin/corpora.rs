//! `make corpora FILES="..."`: imports chat logs into a fresh system, and compares what is served
//! with a small model computed from the files.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Parser;
use tests::corpus::{Corpus, import_file};
use tests::seed;
use tests::world::World;

/// Compares count, order, senders, times and texts of every conversation, and every user's unread
/// counts after reading to random points.
#[derive(Parser)]
struct Arguments {
    /// JSON lines, plain or .gz.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let seed = seed::seed("corpora");
    for file in Arguments::parse().files {
        let corpus = Corpus::read(&file)?;
        let world = World::start().await;
        let report = import_file(&world, &file).await;
        println!("{}: {report}", file.display());
        let numbers = [
            corpus.messages(),
            corpus.conversations.len(),
            corpus.users().len(),
            corpus.skipped,
        ];
        let printed = ["messages", "conversations", "users", "skipped"].map(|field| &report[field]);
        ensure!(
            printed
                .iter()
                .zip(&numbers)
                .all(|(shown, number)| **shown == *number),
            "the file has {numbers:?}"
        );
        let head = tests::log::check_positions(&world.pool).await?;
        world.wait_until_projected(head).await;
        corpus.check_messages(|user| world.user(user), head).await?;
        let again = import_file(&world, &file).await;
        ensure!(
            tests::log::head(&world.pool).await? == head,
            "a second import appended: {again}"
        );
        let counts = corpus.check_unread(|user| world.user(user), seed).await?;
        println!(
            "  {} messages of {} conversations are as in the file; {counts} unread counts of {} users agree; \
             a second import adds nothing",
            numbers[0], numbers[1], numbers[2]
        );
    }
    Ok(())
}
