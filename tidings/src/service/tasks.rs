//! Tasks that are to run until they are told to end. One that ends before is named.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use anyhow::{Error, Result, anyhow};
use futures::FutureExt as _;
use tokio::task::JoinSet;

type Ended = (&'static str, Result<Result<()>, Box<dyn Any + Send>>);

/// A group of tasks.
#[derive(Default)]
pub struct Tasks(JoinSet<Ended>);

impl Tasks {
    /// Starts one. `name` is what people call it: "the relay".
    pub fn spawn(
        &mut self,
        name: &'static str,
        task: impl Future<Output = Result<()>> + Send + 'static,
    ) {
        self.0
            .spawn(async move { (name, AssertUnwindSafe(task).catch_unwind().await) });
    }

    /// Waits for the first that ends, and says which and how. Waits for ever if there are none.
    pub async fn unexpected_end(&mut self) -> Error {
        match self.0.join_next().await {
            None => std::future::pending().await,
            Some(Ok((name, Ok(Ok(()))))) => anyhow!("{name} has ended by itself"),
            Some(Ok((name, Ok(Err(error))))) => error.context(format!("{name} has failed")),
            // What it said stands in the log already.
            Some(Ok((name, Err(_)))) => anyhow!("{name} has panicked"),
            Some(Err(error)) => anyhow!("a task was cut off: {error}"),
        }
    }

    /// Waits until all have ended; whoever takes longer than `patience` is named and cut off.
    pub async fn wait(&mut self, patience: Duration) {
        let all = async {
            while let Some(ended) = self.0.join_next().await {
                if let Ok((name, Ok(Err(error)))) = ended {
                    tracing::warn!(error = format!("{error:#}"), "{name} ended badly");
                }
            }
        };
        if tokio::time::timeout(patience, all).await.is_err() {
            tracing::warn!(
                tasks = self.0.len(),
                "cut off: did not end in {} s",
                patience.as_secs()
            );
            self.0.shutdown().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_ends_is_named_however_it_ends() {
        let mut tasks = Tasks::default();
        tasks.spawn("the sleeper", std::future::pending());
        tasks.spawn("the deserter", async { Ok(()) });
        assert_eq!(
            tasks.unexpected_end().await.to_string(),
            "the deserter has ended by itself"
        );
        tasks.spawn("the failure", async { Err(anyhow!("no disk")) });
        assert_eq!(
            format!("{:#}", tasks.unexpected_end().await),
            "the failure has failed: no disk"
        );
        tasks.spawn("the panic", async { panic!("for the test") });
        assert_eq!(
            tasks.unexpected_end().await.to_string(),
            "the panic has panicked"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_is_bounded() {
        let mut tasks = Tasks::default();
        tasks.spawn("the sleeper", std::future::pending());
        tasks.wait(Duration::from_secs(5)).await;
        assert!(tasks.0.is_empty());
    }
}
