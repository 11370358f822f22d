//! The limits of what a deployment can set. They bound the state that every process holds.

use std::ops::RangeInclusive;

use crate::refusal::Refusal;

/// The maximum number of legal holds: each erasure looks at all of them.
pub const MAX_HOLDS: usize = 1_000;

/// The maximum number of word lists.
pub const MAX_WORD_LISTS: usize = 100;

/// The maximum number of words in one list.
pub const MAX_LIST_WORDS: usize = 100_000;

/// The maximum number of words in all lists together. Every process holds them in memory.
pub const MAX_ALL_WORDS: usize = 300_000;

/// The maximum length of a listed word, in code points.
pub const MAX_WORD_CHARS: usize = 100;

/// The maximum number of hosts in the rules for links.
pub const MAX_HOSTS: usize = 10_000;

/// How long a sender may wait for the hook, in milliseconds.
pub const HOOK_TIMEOUT_MS: RangeInclusive<u32> = 1..=10_000;

/// The maximum length of the address of the hook, in bytes.
pub const MAX_HOOK_URL_BYTES: usize = 2_000;

/// The maximum length of a reason, in code points.
pub const MAX_REASON_CHARS: usize = 500;

/// The maximum number of flood rules. Each message is compared with all of them.
pub const MAX_FLOOD_RULES: usize = 20;

/// The maximum number of near-equal texts that a flood rule can ask for.
pub const MAX_SAME_TEXT: u32 = 100;

/// The longest time within which a flood rule counts: a day, in seconds.
pub const MAX_FLOOD_WINDOW_SECONDS: u32 = 24 * 3_600;

/// The longest first silence of a flood rule: 30 days, in seconds.
pub const MAX_FLOOD_SECONDS: u32 = 30 * 24 * 3_600;

/// Checks a reason that people must give.
pub(super) fn check_reason(reason: Option<&str>) -> Result<(), Refusal> {
    let length = reason.map_or(0, |reason| reason.chars().count());
    if reason.is_none_or(|reason| reason.trim().is_empty()) || length > MAX_REASON_CHARS {
        return Err(Refusal::invalid(
            "reason",
            format!("Say why, in 1 to {MAX_REASON_CHARS} characters."),
        ));
    }
    Ok(())
}
