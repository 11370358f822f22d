//! Counts what providers answered. The counts are stored together with the results of the attempts,
//! so an attempt whose result was lost, and which is made again, counts once.

use std::collections::BTreeMap;

use domain::mailbox::push_event::PushProvider;
use push::PushOutcome;
use sqlx::{Postgres, Transaction};

/// The maximum length of a stored error in code points.
const MAX_ERROR_CHARS: usize = 500;

/// What a provider answered to one attempt.
pub struct ProviderAnswer {
    outcome: &'static str,
    error: Option<String>,
}

impl From<&PushOutcome> for ProviderAnswer {
    fn from(outcome: &PushOutcome) -> Self {
        let error = match outcome {
            PushOutcome::Accepted => None,
            PushOutcome::Gone => Some("the provider says that the token is gone".to_owned()),
            PushOutcome::Failed { reason, .. } => {
                Some(reason.chars().take(MAX_ERROR_CHARS).collect())
            }
        };
        Self {
            outcome: outcome.name(),
            error,
        }
    }
}

/// The answers since the counts were stored.
#[derive(Default)]
pub struct OutcomeCounts(BTreeMap<(&'static str, &'static str), OutcomeCount>);

#[derive(Default)]
struct OutcomeCount {
    attempts: i64,
    error: Option<String>,
}

impl OutcomeCounts {
    /// Counts an answer.
    pub fn add(&mut self, provider: PushProvider, answer: ProviderAnswer) {
        let key = (provider.as_str(), answer.outcome);
        let count = self.0.entry(key).or_default();
        count.attempts += 1;
        count.error = answer.error;
    }

    /// Forgets the answers, which are stored.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Adds the answers to those of the hour.
    pub async fn save(
        &self,
        transaction: &mut Transaction<'_, Postgres>,
    ) -> Result<(), sqlx::Error> {
        if self.0.is_empty() {
            return Ok(());
        }
        let (providers, outcomes): (Vec<&str>, Vec<&str>) = self.0.keys().copied().unzip();
        let attempts: Vec<i64> = self.0.values().map(|count| count.attempts).collect();
        let errors: Vec<Option<String>> =
            self.0.values().map(|count| count.error.clone()).collect();
        sqlx::query(
            "INSERT INTO push.outcomes AS o (hour, provider, outcome, attempts, last_at, error)
             SELECT date_trunc('hour', now(), 'UTC'), d.provider, d.outcome, d.attempts, now(),
                    d.error
             FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[])
                  d (provider, outcome, attempts, error)
             ON CONFLICT (hour, provider, outcome) DO UPDATE
             SET attempts = o.attempts + excluded.attempts, last_at = excluded.last_at,
                 error = excluded.error",
        )
        .bind(providers)
        .bind(outcomes)
        .bind(attempts)
        .bind(errors)
        .execute(&mut **transaction)
        .await?;
        Ok(())
    }
}
