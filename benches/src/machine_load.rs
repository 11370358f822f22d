//! The processor time that the whole machine has used, from `/proc/stat`.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tokio::time::sleep;

/// Ticks of `/proc/stat` in a second: `USER_HZ`, which is 100 on all platforms of Linux that
/// Tidings supports (`man 5 proc_stat`).
const TICKS_PER_SECOND: u32 = 100;

/// How long the machine is watched to see whether it is idle.
const WATCH_TIME: Duration = Duration::from_millis(300);

/// The share of one processor below which the machine counts as idle.
const IDLE_SHARE: f64 = 0.15;

/// How long it may take until the machine is idle.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// Processor time of all processors together, without the time in which they were idle.
#[derive(Debug, Clone, Copy)]
pub struct CpuTime {
    busy: Duration,
}

impl CpuTime {
    /// The time since the machine was started.
    pub fn of_machine() -> Result<Self> {
        let text = std::fs::read_to_string("/proc/stat")?;
        Self::parse(&text).context("/proc/stat has no line of all processors")
    }

    /// The columns are user, nice, system, idle, iowait, irq and softirq, and others after them.
    fn parse(text: &str) -> Option<Self> {
        let line = text.lines().find_map(|line| line.strip_prefix("cpu "))?;
        let ticks: Vec<u32> = line
            .split_whitespace()
            .take(7)
            .map_while(|column| column.parse().ok())
            .collect();
        let [user, nice, system, _idle, _iowait, irq, softirq] = ticks[..] else {
            return None;
        };
        let busy = user + nice + system + irq + softirq;
        Some(Self {
            busy: Duration::from_secs(1) * busy / TICKS_PER_SECOND,
        })
    }

    /// The time since an earlier moment.
    pub fn since(self, earlier: Self) -> Duration {
        self.busy.saturating_sub(earlier.busy)
    }
}

/// Waits until nothing uses the machine, as a checkpoint or a worker that catches up does.
pub async fn wait_until_idle() -> Result<()> {
    let start = Instant::now();
    loop {
        let (before, began) = (CpuTime::of_machine()?, Instant::now());
        sleep(WATCH_TIME).await;
        let used = CpuTime::of_machine()?.since(before);
        if used.as_secs_f64() < IDLE_SHARE * began.elapsed().as_secs_f64() {
            return Ok(());
        }
        ensure!(
            start.elapsed() < IDLE_TIMEOUT,
            "something else uses the machine: it was not idle for {IDLE_TIMEOUT:?}"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_time_is_that_of_all_columns_but_idle_and_iowait() {
        let text = "cpu  100 20 30 4000 500 6 4 9 0 0\ncpu0 50 10 15 2000 250 3 2 4 0 0\n";
        let time = CpuTime::parse(text).expect("it is a line of all processors");
        assert_eq!(time.busy, Duration::from_millis(1_600));
    }

    #[test]
    fn a_line_of_one_processor_is_not_that_of_all() {
        assert!(CpuTime::parse("cpu0 50 10 15 2000 250 3 2\n").is_none());
        assert!(CpuTime::parse("cpu  50 10 x\n").is_none());
    }
}
