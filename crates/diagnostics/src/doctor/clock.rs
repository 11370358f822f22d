//! Differences between the clocks of machines.

use std::time::Duration;

use super::finding::Finding;

/// Between these, messages have times that look wrong; beyond the second, tokens are refused.
const CLOCK_NOTE: Duration = Duration::from_secs(1);
const CLOCK_PROBLEM: Duration = Duration::from_secs(30);

/// Judges the difference between the clock of a server and the one of this machine.
pub(super) fn judge_clock(subject: &'static str, difference: Duration) -> Finding {
    let seconds = difference.as_secs_f64();
    if difference < CLOCK_NOTE {
        return Finding::ok(subject, "its clock and the one of this machine agree");
    }
    let text = format!(
        "its clock and the one of this machine differ by {seconds:.1} s; synchronise both with NTP"
    );
    if difference < CLOCK_PROBLEM {
        Finding::note(subject, text)
    } else {
        Finding::problem(subject, text)
    }
}
