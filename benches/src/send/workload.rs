//! The load under which Tidings and its peers are measured.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tests::token;

use crate::load_generator::{LoadPlan, LoadResult, RequestTemplate, run_load};
use crate::warm_postgres;

/// Conversations of the ordinary runs.
pub const CONVERSATIONS: usize = 2_000;

/// Users; each conversation has two of them.
const USERS: usize = 500;

/// How long and with how many connections a program is measured.
#[derive(Debug, Clone, Copy)]
pub struct Measurement<'a> {
    /// The time before the measurement.
    pub warm_up: Duration,
    /// The time of the measurement.
    pub duration: Duration,
    /// The numbers of connections, with one run for each.
    pub connections: &'a [usize],
}

/// The two members of a conversation.
pub fn members(conversation: usize) -> [String; 2] {
    [
        conversation % USERS,
        (conversation * 7 + 1 + conversation / USERS) % USERS,
    ]
    .map(|n| format!("u{n}"))
}

/// Sends of the first member of each conversation.
pub fn member_templates(conversations: usize) -> Arc<Vec<RequestTemplate>> {
    let template =
        |n: usize| RequestTemplate::send(&format!("c{n}"), &token::for_user(&members(n)[0]));
    Arc::new((0..conversations).map(template).collect())
}

/// Sends to the peers, which do not check membership: one token, many conversations.
pub fn peer_templates() -> Arc<Vec<RequestTemplate>> {
    let token = token::for_user("bench");
    let template = |n: usize| RequestTemplate::send(&format!("c{n}"), &token);
    Arc::new((0..CONVERSATIONS).map(template).collect())
}

/// Measures one run for each number of connections.
pub async fn measure_all(
    address: SocketAddr,
    templates: &Arc<Vec<RequestTemplate>>,
    measurement: Measurement<'_>,
    database_url: &str,
) -> Result<Vec<LoadResult>> {
    let mut runs = Vec::new();
    for connections in measurement.connections {
        warm_postgres::checkpoint(database_url).await?;
        // The load generator has its own thread, and this task has nothing else to do.
        runs.push(tokio::task::block_in_place(|| {
            measure(address, templates, *connections, measurement)
        })?);
    }
    Ok(runs)
}

/// Measures one run.
pub fn measure(
    address: SocketAddr,
    templates: &Arc<Vec<RequestTemplate>>,
    connections: usize,
    measurement: Measurement<'_>,
) -> Result<LoadResult> {
    let result = run_load(&LoadPlan {
        address,
        templates: templates.clone(),
        connections,
        warm_up: measurement.warm_up,
        duration: measurement.duration,
    })?;
    eprintln!(
        "  {connections:>4} connections: {:>7.0}/s, p50 {:?}, p99 {:?}",
        result.rate, result.p50, result.p99
    );
    Ok(result)
}
