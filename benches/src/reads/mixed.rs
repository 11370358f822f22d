//! The mixed load: ten queries for each send, by users of whom a few are busy and most are idle.
//! Each client polls with the cursor of its last sync, as an app does.

use std::net::SocketAddr;
use std::time::Instant;

use anyhow::{Context, Result};
use tests::program::Program;
use tests::seed::Rng;
use tokio::task::JoinSet;

use super::population::{Population, User};
use crate::load_generator::{
    HttpConnection, LoadResult, RequestTemplate, new_key_prefix, run_on_own_thread, summarize,
};
use crate::send::Measurement;

/// A load with its users.
pub struct MixedLoad<'a> {
    address: SocketAddr,
    users: &'a [User],
    connections: usize,
    measurement: Measurement<'a>,
}

/// One connection, with the users who share it.
struct MixedClients {
    address: SocketAddr,
    number: usize,
    users: Vec<User>,
    rng: Rng,
    measured: (Instant, Instant),
}

impl<'a> MixedLoad<'a> {
    /// Prepares it.
    pub fn new(
        program: &Program,
        population: &'a Population,
        connections: usize,
        measurement: Measurement<'a>,
    ) -> Self {
        Self {
            address: program.address,
            users: &population.users,
            connections,
            measurement,
        }
    }

    /// Runs it.
    pub fn run(&self) -> Result<LoadResult> {
        let begin = Instant::now() + self.measurement.warm_up;
        let measured = (begin, begin + self.measurement.duration);
        let clients: Vec<MixedClients> = (0..self.connections)
            .map(|number| MixedClients {
                address: self.address,
                number,
                users: self
                    .users
                    .iter()
                    .skip(number)
                    .step_by(self.connections)
                    .cloned()
                    .collect(),
                rng: Rng::new(number as u64),
                measured,
            })
            .collect();
        let latencies = run_on_own_thread(async move {
            let mut running = JoinSet::new();
            for clients in clients {
                running.spawn(clients.run());
            }
            let mut latencies = Vec::new();
            while let Some(ended) = running.join_next().await {
                latencies.extend(ended.context("a connection failed")??);
            }
            Ok(latencies)
        })?;
        summarize(self.measurement.duration, latencies)
    }
}

impl MixedClients {
    async fn run(mut self) -> Result<Vec<u32>> {
        let mut connection = HttpConnection::open(self.address).await?;
        let (begin, end) = self.measured;
        let prefix = new_key_prefix() | (self.number as u128) << 40;
        let (mut latencies, mut request) = (Vec::new(), Vec::new());
        for number in 0.. {
            let user = self.pick_user();
            let (template, is_sync) = self.choose(user);
            template.render(&mut request, prefix | number);
            let sent = Instant::now();
            let body = connection.exchange(&request).await?;
            let now = Instant::now();
            if is_sync {
                let cursor = find_cursor(body).context("a page without a cursor")?;
                self.users[user].cursors.1 = cursor;
            }
            if now >= end {
                break;
            }
            if sent >= begin {
                latencies.push((now - sent).as_micros() as u32);
            }
        }
        Ok(latencies)
    }

    /// A few users are busy.
    fn pick_user(&mut self) -> usize {
        let count = self.users.len();
        let most = self.rng.below(count) + 1;
        let most = self.rng.below(most) + 1;
        self.rng.below(most)
    }

    /// What the client of a user asks next, and whether it is a sync.
    fn choose(&mut self, user: usize) -> (RequestTemplate, bool) {
        let choice = self.rng.below(110);
        let user = &self.users[user];
        let conversation = self.rng.pick(&user.conversations);
        let path = match choice {
            0..10 => return (RequestTemplate::send(conversation, &user.token), false),
            10..70 => format!("/v1/inbox/entries?after={}&limit=100", user.cursors.1),
            70..90 => format!("/v1/conversations/{conversation}/messages?limit=50"),
            90..100 => "/v1/inbox/unread".to_owned(),
            _ => "/v1/inbox".to_owned(),
        };
        let is_sync = (10..70).contains(&choice);
        (RequestTemplate::get(&path, &user.token), is_sync)
    }
}

/// The cursor of a page of entries. It is the last field but one, and a page can be long.
fn find_cursor(page: &[u8]) -> Option<String> {
    let page = str::from_utf8(page).ok()?;
    let (_, rest) = page.rsplit_once("\"cursor\":\"")?;
    Some(rest.split_once('"')?.0.to_owned())
}
