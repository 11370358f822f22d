//! Takes fragments of messages, as users remember them, to search for.

use tests::seed::Rng;

/// Picks `count` consecutive words in which all characters pass.
pub fn pick_words(
    text: &str,
    count: usize,
    rng: &mut Rng,
    passes: impl Fn(char) -> bool,
) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let from = rng.below(words.len().checked_sub(count)? + 1);
    let run = words.get(from..from + count)?;
    let is_plain = |word: &&str| word.chars().all(&passes);
    // `OR` is an operator of the search language.
    (run.iter().all(is_plain) && !run.contains(&"OR")).then(|| run.join(" "))
}

/// Picks two to four consecutive characters that pass.
pub fn pick_characters(text: &str, rng: &mut Rng, passes: impl Fn(char) -> bool) -> Option<String> {
    let runs: Vec<&str> = text
        .split(|c| !passes(c))
        .filter(|run| run.chars().nth(1).is_some())
        .collect();
    if runs.is_empty() {
        return None;
    }
    let chars: Vec<char> = rng.pick(&runs).chars().collect();
    let count = (2 + rng.below(3)).min(chars.len());
    let from = rng.below(chars.len() - count + 1);
    Some(chars[from..from + count].iter().collect())
}
