//! Deliveries a second when groups of a size are sent to without a pause, everybody connected.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use futures::{StreamExt, TryStreamExt, stream};
use tests::load_generator::{LoadPlan, SendTemplate, run};
use tests::program::Program;
use tests::{token, warm_postgres};

use crate::crowd::Crowd;

/// Users, all of them in groups and connected.
const USERS: usize = 1_000;

/// Sizes of the groups, and connections that send.
const SIZES: [(usize, usize); 3] = [(2, 64), (100, 4), (1_000, 1)];

/// Groups of one size.
pub struct Group {
    /// Members.
    pub members: usize,
    /// Sends a second, over the whole time.
    pub sends: f64,
    /// Entries that reached a WebSocket a second, from the first send to the last entry.
    pub deliveries: f64,
}

/// One after the other.
pub async fn measure(up: &Program, seconds: u64) -> Result<Vec<Group>> {
    let mut groups = Vec::new();
    for (members, connections) in SIZES {
        create(up, members).await?;
        let users = (0..USERS).map(|n| format!("g{n}")).collect();
        let mut crowd = Crowd::gather(up.address, users, 0).await?;
        warm_postgres::checkpoint(&up.database_url).await?;
        let template = |n: usize| {
            let sender = token::for_user(&format!("g{}", n * members));
            SendTemplate::send(&format!("g{members}-{n}"), &sender)
        };
        let plan = LoadPlan {
            address: up.address,
            templates: Arc::new((0..USERS / members).map(template).collect()),
            connections,
            warm_up: Duration::ZERO,
            duration: Duration::from_secs(seconds),
        };
        let (head, count, start) = (up.head().await?, crowd.count(), Instant::now());
        tokio::task::spawn_blocking(move || run(&plan)).await??;
        let sends = (up.head().await? - head) as u64;
        let deliveries = sends * members as u64;
        crowd.reaches(count + deliveries).await?;
        let time = start.elapsed().as_secs_f64();
        let group = Group {
            members,
            sends: sends as f64 / time,
            deliveries: deliveries as f64 / time,
        };
        eprintln!(
            "  groups of {members}: {:.0} deliveries/s",
            group.deliveries
        );
        groups.push(group);
    }
    Ok(groups)
}

async fn create(up: &Program, members: usize) -> Result<()> {
    let create = |n: usize| async move {
        let names: Vec<String> = (0..members)
            .map(|k| format!("g{}", n * members + k))
            .collect();
        let others: Vec<&str> = names[1..].iter().map(String::as_str).collect();
        let id = format!("g{members}-{n}");
        let answer = up.user(&names[0]).create_group(&id, &others).await;
        anyhow::ensure!(answer.status == 201, "{answer}");
        Ok(())
    };
    let created = stream::iter(0..USERS / members).map(create);
    created.buffer_unordered(8).try_collect::<()>().await?;
    up.measure_lag().await?;
    Ok(())
}
