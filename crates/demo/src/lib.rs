//! A small company that fills an empty system and then goes on talking, so that a visitor of
//! the pages sees what they are for. It calls the system as every other program does, over HTTP.
//!
//! - `company`: who works there, and what they say: `company.json`. `history`: what they have said
//!   in the days before, as an import.
//! - `setup`: what a demo needs. `client`: calls. `fill`: opens accounts, imports, and arranges the
//!   rooms. Repeating it changes nothing, so a demo that was stopped continues.
//! - `talk`: the lines that come one after the other. `browser`: opens a page.

#![deny(missing_docs)]

mod browser;
mod client;
mod company;
mod fill;
mod history;
mod setup;
mod talk;

pub use browser::open_in_browser;
pub use setup::DemoSetup;

use anyhow::{Context as _, Result};
use tokio_util::sync::CancellationToken;

use client::DemoClient;
use company::Company;
use fill::DemoFill;

/// A system with the company in it.
pub struct Demo {
    client: DemoClient,
    company: Company,
    people: fill::SignedIn,
}

impl Demo {
    /// Fills the system.
    pub async fn fill(setup: DemoSetup) -> Result<Self> {
        let company = Company::load()?;
        let client = DemoClient::new(&setup.base_url)?;
        let fill = DemoFill {
            client: &client,
            company: &company,
            setup: &setup,
        };
        let people = fill.run().await.context("the demo was not filled")?;
        Ok(Self {
            client,
            company,
            people,
        })
    }

    /// The owner, and then those in whose name a guest looks around: user ids and names.
    pub fn guests(&self) -> Vec<(String, String)> {
        let guests = self.company.guests.iter();
        std::iter::once(self.company.owner())
            .chain(guests.filter_map(|id| self.company.person(id)))
            .map(|person| (person.id.clone(), person.name.clone()))
            .collect()
    }

    /// Lets people talk until `stop`, or until they have said enough.
    pub async fn talk(&self, stop: &CancellationToken) {
        let talking = talk::run(&self.client, &self.company, &self.people);
        stop.run_until_cancelled(talking).await;
    }
}
