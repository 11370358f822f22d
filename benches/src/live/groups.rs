//! Deliveries per second when groups of one size get messages without a pause and everybody is
//! connected.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use futures::{StreamExt, TryStreamExt, stream};
use tests::program::Program;
use tests::token;

use super::listeners::Listeners;
use crate::load_generator::{LoadPlan, RequestTemplate, run_load};
use crate::warm_postgres;

/// Users, all of them connected and members of a group.
const USERS: usize = 1_000;

/// The sizes of the groups, and the number of connections that send.
const SIZES: [(usize, usize); 3] = [(2, 64), (100, 4), (1_000, 1)];

/// The rates with groups of one size.
pub struct GroupRates {
    /// The members of each group.
    pub members: usize,
    /// Sends per second, over the whole time.
    pub sends: f64,
    /// Entries delivered per second, from the first send to the last delivery.
    pub deliveries: f64,
}

/// Measures one size after the other.
pub async fn measure(program: &Program, seconds: u64) -> Result<Vec<GroupRates>> {
    let mut groups = Vec::new();
    for (members, connections) in SIZES {
        create_groups(program, members).await?;
        let users = (0..USERS).map(|n| format!("g{n}")).collect();
        let mut listeners = Listeners::connect(program.address, users, 0).await?;
        warm_postgres::checkpoint(&program.database_url).await?;
        let template = |n: usize| {
            let sender = token::for_user(&format!("g{}", n * members));
            RequestTemplate::send(&format!("g{members}-{n}"), &sender)
        };
        let plan = LoadPlan {
            address: program.address,
            templates: Arc::new((0..USERS / members).map(template).collect()),
            connections,
            warm_up: Duration::ZERO,
            duration: Duration::from_secs(seconds),
        };
        let (head, count, start) = (program.head().await?, listeners.count(), Instant::now());
        tokio::task::spawn_blocking(move || run_load(&plan)).await??;
        let sends = (program.head().await? - head) as u64;
        let deliveries = sends * members as u64;
        listeners.wait_for_count(count + deliveries).await?;
        let time = start.elapsed().as_secs_f64();
        let group = GroupRates {
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

async fn create_groups(program: &Program, members: usize) -> Result<()> {
    let create = |n: usize| async move {
        let names: Vec<String> = (0..members)
            .map(|k| format!("g{}", n * members + k))
            .collect();
        let others: Vec<&str> = names[1..].iter().map(String::as_str).collect();
        let id = format!("g{members}-{n}");
        let answer = program.user(&names[0]).create_group(&id, &others).await;
        anyhow::ensure!(answer.status == 201, "{answer}");
        Ok(())
    };
    let created = stream::iter(0..USERS / members).map(create);
    created.buffer_unordered(8).try_collect::<()>().await?;
    program.measure_lag().await?;
    Ok(())
}
