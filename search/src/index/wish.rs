//! What is wanted of the one who writes, by whoever asks for it.

use std::fs;
use std::io;

use super::place::{BUILD, Build, Lock, Place};

const WANTED: &str = "WANTED";
const BEGUN: &str = "BEGUN";

const KEEP: &str = "keep";
const FROM_KEPT: &str = "from-kept";

/// How the index is to be built again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wish {
    /// From the build that was kept, if there is one, instead of from nothing.
    pub from_kept: bool,
    /// What is served stays when it is replaced. Else what stayed before goes too.
    pub keep: bool,
}

impl Place {
    /// Has the one who writes build it again.
    pub fn want_rebuild(&self, wish: Wish) -> io::Result<()> {
        fs::create_dir_all(self.path())?;
        let words = [(wish.from_kept, FROM_KEPT), (wish.keep, KEEP)];
        let words: Vec<&str> = words
            .iter()
            .filter_map(|(is, word)| is.then_some(*word))
            .collect();
        self.replace(WANTED, &words.join(" "))
    }

    /// What somebody wants.
    pub fn wish(&self) -> io::Result<Option<Wish>> {
        let words = self.read(WANTED)?;
        Ok(words.map(|words| {
            let says = |word| words.split_whitespace().any(|it| it == word);
            Wish {
                from_kept: says(FROM_KEPT),
                keep: says(KEEP),
            }
        }))
    }

    /// A wish is heard with this build: it, or a later one, will be what somebody wants.
    pub fn rebuild_begun(&self, _lock: &Lock, build: Build) -> io::Result<()> {
        self.replace(BEGUN, &format!("{BUILD}{build}\n"))?;
        self.forget(WANTED)
    }

    /// The last build with which a wish was heard.
    pub fn begun(&self) -> io::Result<Option<Build>> {
        self.named(BEGUN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_is_heard_once_as_it_was_said() {
        let scratch = tempfile::tempdir().expect("a directory");
        let place = Place::at(scratch.path().join("search"));
        for (from_kept, keep) in [(false, false), (false, true), (true, false), (true, true)] {
            let wish = Wish { from_kept, keep };
            assert_eq!(place.wish().expect("readable"), None);
            place.want_rebuild(wish).expect("wishes");
            assert_eq!(place.wish().expect("readable"), Some(wish));
            let lock = place.lock().expect("lockable").expect("free");
            place.rebuild_begun(&lock, 7).expect("hears");
            assert_eq!(place.begun().expect("readable"), Some(7));
        }
        assert_eq!(place.wish().expect("readable"), None);
    }
}
