//! The keys by which people are found. A key is folded text; a person is found by the beginning of
//! one of their keys: the id, and the display name from each of its words on.

use std::collections::BTreeSet;

use crate::normalize::{CharClass, NormalizedChar, normalize};

/// The maximum length of a key, in characters. What follows does not help to find anybody.
const MAX_KEY_CHARS: usize = 64;

/// The keys of a person with this id and display name.
pub fn name_keys(id: &str, display_name: Option<&str>) -> BTreeSet<String> {
    let mut keys = BTreeSet::from([name_prefix(id)]);
    if let Some(name) = display_name {
        let chars = collapse_spaces(&normalize(name));
        for (index, char) in chars.iter().enumerate() {
            let before = index.checked_sub(1).and_then(|before| chars.get(before));
            if begins_word(before, char) {
                keys.insert(to_key(&chars[index..]));
            }
        }
    }
    keys.remove("");
    keys
}

/// What the keys of the people begin with whom this text finds. Empty if the text finds nobody.
pub fn name_prefix(text: &str) -> String {
    to_key(&collapse_spaces(&normalize(text)))
}

/// In a script without spaces, a word may begin at any character.
fn begins_word(before: Option<&NormalizedChar>, char: &NormalizedChar) -> bool {
    match char.class {
        CharClass::Unspaced => true,
        CharClass::Word => before.is_none_or(|before| before.class != CharClass::Word),
        // All characters of one sign have the same source.
        CharClass::Emoji => before.is_none_or(|before| before.start != char.start),
        CharClass::Symbol | CharClass::Space => false,
    }
}

/// Leaves one space between words, and none at the ends.
fn collapse_spaces(chars: &[NormalizedChar]) -> Vec<NormalizedChar> {
    let mut collapsed: Vec<NormalizedChar> = Vec::with_capacity(chars.len());
    let is_space = |char: &NormalizedChar| char.class == CharClass::Space;
    for char in chars {
        if is_space(char) {
            if collapsed.last().is_some_and(|last| !is_space(last)) {
                collapsed.push(NormalizedChar { char: ' ', ..*char });
            }
        } else {
            collapsed.push(*char);
        }
    }
    if collapsed.last().is_some_and(is_space) {
        collapsed.pop();
    }
    collapsed
}

fn to_key(chars: &[NormalizedChar]) -> String {
    let key: String = chars
        .iter()
        .take(MAX_KEY_CHARS)
        .map(|char| char.char)
        .collect();
    key.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(query: &str, id: &str, display_name: Option<&str>) -> bool {
        let prefix = name_prefix(query);
        !prefix.is_empty()
            && name_keys(id, display_name)
                .iter()
                .any(|key| key.starts_with(&prefix))
    }

    #[test]
    fn people_are_found_by_the_beginning_of_their_id_and_of_each_word_of_their_name() {
        let name = Some("Zo\u{eb}  O\u{2019}Brien-M\u{fc}ller");
        for query in [
            "u17",
            "U1",
            "zoe",
            "ZO\u{cb}",
            "o\u{2019}b",
            "bri",
            "mul",
            "zoe o",
            " zoe ",
        ] {
            assert!(finds(query, "u17", name), "{query}");
        }
        for query in ["17", "oe", "rien", "zoeo", "zoe b", "", " "] {
            assert!(!finds(query, "u17", name), "{query}");
        }
    }

    #[test]
    fn width_and_chinese_variants_are_folded_and_any_character_begins_a_word() {
        let name = Some("\u{5f35}\u{4e09}\u{8c50}");
        for query in ["\u{5f20}", "\u{4e09}\u{4e30}", "\u{8c50}", "\u{ff21}nn"] {
            assert!(finds(query, "ann", name), "{query}");
        }
    }

    #[test]
    fn keys_are_short_and_signs_are_whole() {
        let keys = name_keys(&"\u{fdfa}".repeat(128), Some(&"\u{4e2d}".repeat(64)));
        assert!(keys.iter().all(|key| key.chars().count() <= MAX_KEY_CHARS));
        let family = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}";
        assert!(finds(family, "x", Some(&format!("The {family}"))));
    }
}
