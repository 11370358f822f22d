//! The disk of the data directory: the search index, and the private servers if there are any.

use std::path::Path;

use indicatif::HumanBytes;

use super::finding::Finding;

const SUBJECT: &str = "disk";

/// With less, a write-ahead log of a private Postgres cannot grow as it is configured to.
const MIN_FREE_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// Measures the free space.
pub(super) fn examine(data: &Path) -> Vec<Finding> {
    // The directory may not exist yet.
    let path = std::path::absolute(data).unwrap_or_else(|_| data.to_path_buf());
    let existing = path.ancestors().find(|path| path.is_dir()).unwrap_or(&path);
    let found = match rustix::fs::statvfs(existing) {
        Ok(disk) => judge(
            data,
            disk.f_bavail * disk.f_frsize,
            disk.f_favail,
            disk.f_files,
        ),
        Err(error) => Finding::problem(SUBJECT, format!("{}: {error}", existing.display())),
    };
    vec![found]
}

fn judge(data: &Path, bytes: u64, files: u64, all_files: u64) -> Finding {
    let (path, free) = (data.display(), HumanBytes(bytes));
    // Some file systems have no fixed number of files, and say 0 of 0.
    if all_files > 0 && files == 0 {
        return Finding::problem(SUBJECT, format!("no more files can be created at {path}"));
    }
    if bytes < MIN_FREE_BYTES {
        let needed = HumanBytes(MIN_FREE_BYTES);
        let text = format!("only {free} are free at {path}; make room for at least {needed}");
        return Finding::problem(SUBJECT, text);
    }
    Finding::ok(SUBJECT, format!("{free} are free at {path}"))
}

#[cfg(test)]
mod tests {
    use super::super::finding::FindingLevel;
    use super::*;

    #[test]
    fn little_space_is_a_problem() {
        let level = |bytes, files, all| judge(Path::new("/d"), bytes, files, all).level;
        assert_eq!(level(MIN_FREE_BYTES, 1, 10), FindingLevel::Ok);
        assert_eq!(level(MIN_FREE_BYTES, 0, 0), FindingLevel::Ok);
        assert_eq!(level(MIN_FREE_BYTES - 1, 1, 10), FindingLevel::Problem);
        assert_eq!(level(MIN_FREE_BYTES, 0, 10), FindingLevel::Problem);
    }

    #[test]
    fn a_directory_that_does_not_exist_yet_is_measured_where_it_would_be() {
        let found = examine(Path::new("/no/such/directory"));
        assert!(found[0].text.contains("/no/such/directory"), "{found:?}");
    }
}
