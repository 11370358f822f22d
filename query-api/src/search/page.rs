//! A search from the query to its hits, for whoever asks: the endpoint, or an operator.

use std::sync::Arc;

use domain::time::Timestamp;
use search::Query;
use search::index::{After, Ask, Sort, Statistics};
use sqlx::PgPool;

use super::hits::{self, Hit};
use super::scope::{Named, Scope, Who};
use super::served::Served;
use crate::failed::Failed;

/// A total is exact up to here.
pub const COUNTED: usize = 1_000;

/// What is asked.
pub struct Search<'a> {
    /// Who asks.
    pub who: Who<'a>,
    /// What for.
    pub query: Query,
    /// In which order.
    pub sort: Sort,
    /// How many hits at most.
    pub limit: usize,
    /// Where the page begins; `None` for the first.
    pub from: Option<Turn>,
    /// The present.
    pub now: Timestamp,
}

/// Between two pages: all that the next one needs to go on as if nothing had happened since the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// The last message that the first page could find.
    up_to: u64,
    /// The present of the first page.
    now: i64,
    after: After,
    statistics: Statistics,
}

/// A page of hits.
#[derive(Debug)]
pub struct Page {
    /// Best first, or newest first.
    pub hits: Vec<Hit>,
    /// How many there are over all pages, at most [`COUNTED`].
    pub total: usize,
    /// There may be more than `total`.
    pub is_at_least: bool,
    /// Where the next page begins; `None` at the end.
    pub next: Option<Turn>,
    /// The position that index and read models were complete up to.
    pub position: i64,
}

impl Search<'_> {
    /// Searches.
    pub async fn page(self, pool: &PgPool, served: &Served) -> Result<Page, Failed> {
        let open = served.open()?;
        let mut scope =
            Scope::load(pool, served.known(), self.who, open.checkpoint.position).await?;
        if scope.numbering != open.checkpoint.numbering {
            return Err(Failed::NoIndex);
        }
        let names = Named::load(pool, &self.query, self.who, &scope).await?;
        let visible = Arc::new(std::mem::take(&mut scope.visible));
        let position = i64::try_from(open.checkpoint.position).unwrap_or(i64::MAX);
        let (up_to, now) = match &self.from {
            Some(turn) => (turn.up_to, turn.now),
            None => (open.checkpoint.position, self.now.millis()),
        };
        let (who, sort, limit) = (self.who, self.sort, self.limit);
        let (query, from) = (Arc::new(self.query), self.from);
        let asked = Arc::clone(&query);
        let finding = move || {
            open.index.find(&Ask {
                query: &asked,
                names: &names,
                visible,
                sort,
                up_to,
                now,
                statistics: from.as_ref().map(|turn| &turn.statistics),
                after: from.as_ref().map(|turn| turn.after),
                limit,
            })
        };
        let found = tokio::task::spawn_blocking(finding)
            .await
            .map_err(|_| Failed::IndexPanicked)??;
        let hits = hits::load(pool, who, &query, &found.hits).await?;
        let statistics = found.statistics;
        Ok(Page {
            hits,
            total: found.total.min(COUNTED),
            is_at_least: found.total > COUNTED,
            next: found.next.map(|after| Turn {
                up_to,
                now,
                after,
                statistics,
            }),
            position: position.min(scope.position),
        })
    }
}

impl Turn {
    /// As numbers, for a cursor.
    pub fn numbers(&self) -> Vec<i64> {
        let statistics = &self.statistics;
        let fixed = [
            self.up_to.cast_signed(),
            self.now,
            i64::from(self.after.rank),
            self.after.position.cast_signed(),
            statistics.messages.cast_signed(),
            statistics.words.cast_signed(),
        ];
        let words = statistics.with_word.iter().map(|it| it.cast_signed());
        fixed.into_iter().chain(words).collect()
    }

    /// From the numbers of a cursor; `None` if they are not those of one.
    pub fn from_numbers(numbers: &[i64]) -> Option<Self> {
        let (&[up_to, now, rank, position, messages, words], with_word) =
            numbers.split_first_chunk()?;
        Some(Self {
            up_to: up_to.cast_unsigned(),
            now,
            after: After {
                rank: rank.try_into().ok()?,
                position: position.cast_unsigned(),
            },
            statistics: Statistics {
                messages: messages.cast_unsigned(),
                words: words.cast_unsigned(),
                with_word: with_word.iter().map(|it| it.cast_unsigned()).collect(),
            },
        })
    }
}
