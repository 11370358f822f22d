//! The header `Content-Range` of an upload.

use http_edge::Problem;

/// Which bytes of a file a request has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UploadPart {
    /// All of them.
    Whole,
    /// Those from here on, as many as the body has.
    From(u64),
    /// None: the client asks how many have arrived.
    Query,
}

/// Parses the header of an upload of a file with this size. `announced` is the size of the body.
pub(crate) fn parse(
    header: Option<&str>,
    size: u64,
    announced: Option<u64>,
) -> Result<UploadPart, Problem> {
    let Some(text) = header else {
        return Ok(UploadPart::Whole);
    };
    let expected = || {
        Problem::malformed(
            "Content-Range",
            format!(
                "expected `bytes FIRST-LAST/{size}`, or `bytes */{size}` to ask how many arrived"
            ),
        )
    };
    let range = text.strip_prefix("bytes ").ok_or_else(expected)?;
    let (bytes, total) = range.split_once('/').ok_or_else(expected)?;
    if total.parse() != Ok(size) {
        return Err(expected());
    }
    if bytes == "*" {
        return Ok(UploadPart::Query);
    }
    let (first, last) = bytes.split_once('-').ok_or_else(expected)?;
    let first: u64 = first.parse().map_err(|_| expected())?;
    let last: u64 = last.parse().map_err(|_| expected())?;
    let is_legal =
        first <= last && last < size && announced.is_none_or(|length| length == last - first + 1);
    if !is_legal {
        return Err(expected());
    }
    Ok(UploadPart::From(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_matches_the_file_and_the_body() {
        let parsed = |text, announced| parse(Some(text), 10, announced).ok();
        assert_eq!(parse(None, 10, None).ok(), Some(UploadPart::Whole));
        assert_eq!(parsed("bytes */10", Some(0)), Some(UploadPart::Query));
        assert_eq!(parsed("bytes 0-9/10", Some(10)), Some(UploadPart::From(0)));
        assert_eq!(parsed("bytes 4-9/10", None), Some(UploadPart::From(4)));
        for bad in [
            "bytes 0-9/11",
            "bytes 0-10/10",
            "bytes 5-4/10",
            "bytes -4/10",
            "bytes 4-/10",
            "0-9/10",
            "bytes a-b/10",
            "bytes */*",
        ] {
            assert_eq!(parsed(bad, None), None, "{bad}");
        }
        assert_eq!(parsed("bytes 0-9/10", Some(9)), None);
    }
}
