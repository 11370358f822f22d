//! Numbers with their nouns, for what commands print.

use std::fmt::Display;

/// The number with its noun: `1 message`, `2 messages`.
pub fn format_count<N: Copy + Display + PartialEq + From<u8>>(count: N, noun: &str) -> String {
    let noun = inflect(noun, &count);
    format!("{count} {noun}")
}

/// The noun in the form that the number needs. Knows regular nouns.
pub fn inflect<N: PartialEq + From<u8>>(noun: &str, count: &N) -> String {
    if *count == N::from(1) {
        return noun.to_owned();
    }
    match noun.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ => format!("{noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_is_singular() {
        assert_eq!(format_count(0_u64, "message"), "0 messages");
        assert_eq!(format_count(1_i64, "message"), "1 message");
        assert_eq!(format_count(2_usize, "copy"), "2 copies");
        assert_eq!(format_count(21_u32, "key"), "21 keys");
    }
}
