//! Explains why a user sees a message or not, rule by rule, for administrators.
//!
//! - `facts`: reads what the rules depend on, together with the answer of the condition that every
//!   query about one message uses. The explanation thus cannot disagree with the queries.
//! - `visibility_explanation`: the question and the answer.
//! - `text`: the answer as text.
//! - `rules`: names the rule that decides, and what each of the others says. Pure.

mod facts;
mod rules;
mod text;
mod visibility_explanation;

pub use visibility_explanation::{
    ContentChange, ExplainedPeriod, VisibilityCheck, VisibilityExplanation, VisibilityQuestion,
    VisibilityReason,
};

use event_log::reader::LogReader;
use sqlx::PgPool;

use crate::error::QueryError;

/// Explains why a user sees a message or not. The log must be in the database of the read model.
pub async fn explain_visibility(
    pool: &PgPool,
    question: &VisibilityQuestion,
) -> Result<VisibilityExplanation, QueryError> {
    let facts = facts::load(pool, question).await?;
    let events = LogReader::new(pool.clone())
        .message_events(question.conversation.as_str(), question.seq)
        .await?;
    Ok(rules::explain(question, facts, &events))
}

#[cfg(test)]
mod tests;
