//! Groups of tasks that run until they are cancelled. A task that ends earlier is reported by name.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use anyhow::{Error, Result, anyhow};
use futures::FutureExt as _;
use tokio::task::JoinSet;

type TaskResult = (&'static str, Result<Result<()>, Box<dyn Any + Send>>);

/// A group of tasks.
#[derive(Default)]
pub struct TaskGroup(JoinSet<TaskResult>);

impl TaskGroup {
    /// Spawns a task. `name` is used in messages: "the relay".
    pub fn spawn(
        &mut self,
        name: &'static str,
        task: impl Future<Output = Result<()>> + Send + 'static,
    ) {
        self.0
            .spawn(async move { (name, AssertUnwindSafe(task).catch_unwind().await) });
    }

    /// Waits for the first task that ends, and returns an error that says which and how. Never
    /// returns if the group is empty.
    pub async fn wait_for_unexpected_exit(&mut self) -> Error {
        match self.0.join_next().await {
            None => std::future::pending().await,
            Some(Ok((name, Ok(Ok(()))))) => anyhow!("{name} ended unexpectedly"),
            Some(Ok((name, Ok(Err(error))))) => error.context(format!("{name} failed")),
            // The panic message is already in the log.
            Some(Ok((name, Err(_)))) => anyhow!("{name} panicked"),
            Some(Err(error)) => anyhow!("a task was aborted: {error}"),
        }
    }

    /// Waits until all tasks have ended, and aborts those that take longer than `timeout`.
    pub async fn wait_all(&mut self, timeout: Duration) {
        let all = async {
            while let Some(ended) = self.0.join_next().await {
                if let Ok((name, Ok(Err(error)))) = ended {
                    tracing::warn!(error = format!("{error:#}"), "{name} failed while stopping");
                }
            }
        };
        if tokio::time::timeout(timeout, all).await.is_err() {
            tracing::warn!(
                tasks = self.0.len(),
                "aborting tasks that did not end within {} s",
                timeout.as_secs()
            );
            self.0.shutdown().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_ends_is_reported_by_name() {
        let mut tasks = TaskGroup::default();
        tasks.spawn("the sleeper", std::future::pending());
        tasks.spawn("the deserter", async { Ok(()) });
        assert_eq!(
            tasks.wait_for_unexpected_exit().await.to_string(),
            "the deserter ended unexpectedly"
        );
        tasks.spawn("the failure", async { Err(anyhow!("no disk")) });
        assert_eq!(
            format!("{:#}", tasks.wait_for_unexpected_exit().await),
            "the failure failed: no disk"
        );
        tasks.spawn("the panic", async { panic!("for the test") });
        assert_eq!(
            tasks.wait_for_unexpected_exit().await.to_string(),
            "the panic panicked"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_is_bounded() {
        let mut tasks = TaskGroup::default();
        tasks.spawn("the sleeper", std::future::pending());
        tasks.wait_all(Duration::from_secs(5)).await;
        assert!(tasks.0.is_empty());
    }
}
