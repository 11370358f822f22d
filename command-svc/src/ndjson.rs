//! NDJSON request bodies.

/// Splits a body into trimmed lines and skips blank ones.
pub(crate) fn split_lines(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    body.split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_are_skipped() {
        let found: Vec<_> = split_lines(b"{}\r\n\n  \n[1]\n").collect();
        assert_eq!(found, [b"{}".as_slice(), b"[1]"]);
        assert_eq!(split_lines(b"").count(), 0);
        assert_eq!(split_lines(b"{}").count(), 1);
    }
}
