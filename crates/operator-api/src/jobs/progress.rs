//! How far a job has come, shared between its work and who reports it.

use std::sync::atomic::{AtomicI64, Ordering};

/// Of the events or messages.
#[derive(Debug, Default)]
pub struct JobProgress {
    done: AtomicI64,
    total: AtomicI64,
}

impl JobProgress {
    /// So many of so many are done.
    pub fn update(&self, done: i64, total: i64) {
        self.done.store(done, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
    }

    /// How many are done, and how many there are.
    pub fn read(&self) -> (i64, i64) {
        let load = |number: &AtomicI64| number.load(Ordering::Relaxed);
        (load(&self.done), load(&self.total))
    }
}
