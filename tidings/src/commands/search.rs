//! `tidings search`: searches all messages, or those that a given user can see.

use std::collections::HashMap;
use std::io::IsTerminal as _;

use anyhow::{Context as _, Result};
use data_dir::{OperatorDatabase, UsageError, with_migrated_database};
use diagnostics::load_titles;
use domain::ids::UserId;
use domain::time::Timestamp;
use event_log::reader::LogReader;
use query_api::search::{HitPage, IndexReader, MAX_EXACT_TOTAL, MessageSearch, Searcher};
use search::ParsedQuery;
use search::index::Sort;
use settings::{SearchArgs, SearchOrder, SystemConfig};
use time::OffsetDateTime;

use crate::output::{OutputError, outln};

/// Searches and prints the first page.
pub async fn run(config: &SystemConfig, args: &SearchArgs) -> Result<()> {
    let query =
        ParsedQuery::parse(&args.query.join(" ")).map_err(|error| UsageError(error.to_string()))?;
    let notes: Vec<String> = query.notes.iter().map(ToString::to_string).collect();
    let user = args.r#as.as_deref().map(UserId::parse).transpose();
    let user = user.map_err(|error| UsageError(format!("--as: {error}")))?;
    let search = MessageSearch {
        searcher: user
            .as_ref()
            .map_or(Searcher::Operator, |user| Searcher::User(user.as_str())),
        query,
        sort: match args.sort {
            SearchOrder::Relevance => Sort::Relevance,
            SearchOrder::Newest => Sort::Newest,
        },
        limit: usize::from(args.limit),
        cursor: None,
        now: Timestamp::from(OffsetDateTime::now_utc()),
    };
    let page = with_migrated_database(
        config.server_options(),
        async |database: &OperatorDatabase| {
            let index_dir = config.index_dir();
            let served = IndexReader::new(
                index_dir.clone(),
                LogReader::new(database.pool.clone()),
                query_api::MIN_POSITION_TIMEOUT,
            );
            served.refresh().await.with_context(|| {
            format!(
                "no index of this log in {}; run the projector, or `tidings rebuild search`, to build one",
                index_dir.path().display()
            )
        })?;
            let page = search.execute(&database.pool, &served).await?;
            let ids: Vec<&str> = page
                .hits
                .iter()
                .map(|hit| hit.conversation_id.as_str())
                .collect();
            let titles = load_titles(&database.pool, &ids).await?;
            Ok((page, titles))
        },
    );
    let (page, titles) = page.await?;
    print_page(&page, &titles, &notes, args.json)?;
    Ok(())
}

fn print_page(
    page: &HitPage,
    titles: &HashMap<String, String>,
    notes: &[String],
    as_json: bool,
) -> Result<(), OutputError> {
    if as_json {
        let mut json = serde_json::json!({
            "hits": page.hits,
            "total": page.total,
            "total_is_exact": !page.total_is_lower_bound,
            "position": page.position,
        });
        if !notes.is_empty() {
            json["notes"] = notes.into();
        }
        return outln!("{json}");
    }
    for note in notes {
        outln!("note: {}", note.replace(char::is_control, " "))?;
    }
    let is_terminal = std::io::stdout().is_terminal();
    for hit in &page.hits {
        let title = titles.get(&hit.conversation_id).map(String::as_str);
        outln!("{}", hit.to_line(title, is_terminal))?;
    }
    let count = if page.total_is_lower_bound {
        format!("more than {MAX_EXACT_TOTAL}")
    } else {
        page.total.to_string()
    };
    outln!("{count} found, up to position {}", page.position)
}
