//! Forty ways of writing a listed word, with whether each is caught, and what a mask covers.

#![allow(clippy::unwrap_used, reason = "a failing test panics")]

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::deployment::content::{ContentAction, TextPlace, WordMatching};
use domain::ids::{RuleName, UserId};
use domain::time::Timestamp;
use moderation::{DeploymentRules, Rulebook, WordList};
use proptest::prelude::*;

fn list(action: ContentAction, matching: WordMatching, words: &[&str]) -> Arc<WordList> {
    Arc::new(WordList {
        action,
        matching,
        places: TextPlace::ALL.to_vec(),
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        by: UserId::parse("root").unwrap(),
        at: Timestamp::from_millis(0),
    })
}

fn rulebook(lists: Vec<Arc<WordList>>) -> Rulebook {
    let named = |(number, list)| (RuleName::parse(&format!("l{number}")).unwrap(), list);
    let rules = DeploymentRules {
        word_lists: lists
            .into_iter()
            .enumerate()
            .map(named)
            .collect::<BTreeMap<_, _>>(),
        ..DeploymentRules::default()
    };
    Rulebook::compile(rules, &Rulebook::default()).unwrap()
}

fn masking(words: &[&str]) -> Rulebook {
    rulebook(vec![list(ContentAction::Mask, WordMatching::Word, words)])
}

/// Ways of writing `scoundrel`, `naïve` and `壞蛋` (which is `坏蛋` in simplified Chinese), and whether
/// the list catches them.
const WAYS: [(&str, bool, &str); 40] = [
    ("scoundrel", true, "as listed"),
    ("SCOUNDREL", true, "capitals"),
    ("ScOuNdReL", true, "mixed case"),
    ("ｓｃｏｕｎｄｒｅｌ", true, "full width"),
    ("𝐬𝐜𝐨𝐮𝐧𝐝𝐫𝐞𝐥", true, "mathematical bold"),
    ("𝓼𝓬𝓸𝓾𝓷𝓭𝓻𝓮𝓵", true, "mathematical script"),
    ("ⓢⓒⓞⓤⓝⓓⓡⓔⓛ", true, "letters in circles"),
    ("ˢᶜᵒᵘⁿᵈʳᵉˡ", true, "superscripts"),
    ("scöündrël", true, "accents"),
    ("s\u{308}c\u{301}oundrel", true, "combining accents"),
    (
        "s\u{336}c\u{336}o\u{336}u\u{336}n\u{336}d\u{336}r\u{336}e\u{336}l\u{336}",
        true,
        "struck through",
    ),
    ("s\u{489}c\u{489}oundrel", true, "enclosing marks"),
    ("scoun\u{93F}drel", true, "a mark of another script"),
    ("scou\u{200B}ndrel", true, "zero-width space"),
    (
        "s\u{200C}c\u{200D}o\u{2060}u\u{FEFF}ndrel",
        true,
        "zero-width joiners",
    ),
    ("scoun\u{AD}drel", true, "soft hyphen"),
    ("scoun\u{202E}\u{202C}drel", true, "direction marks"),
    ("scoun\u{E0041}drel", true, "invisible tags"),
    ("scoun\u{FE0F}drel", true, "variation selector"),
    ("s c o u n d r e l", true, "spaces between letters"),
    ("s.c.o.u.n.d.r.e.l", true, "dots between letters"),
    ("s-c_o*u|n/d+r~e=l", true, "signs between letters"),
    (
        "s  c\no\tu   n d r e l",
        true,
        "runs of spaces and line breaks",
    ),
    (
        "(s) (c) (o) (u) (n) (d) (r) (e) (l)",
        true,
        "brackets around letters",
    ),
    ("I s c o u n d r e l", true, "a single letter before it"),
    ("you,scoundrel!", true, "between punctuation"),
    ("naïve", true, "an accent as listed"),
    ("naive", true, "an accent left out"),
    (
        "你這個壞蛋",
        true,
        "traditional characters within a sentence",
    ),
    (
        "你这个坏蛋",
        true,
        "simplified characters within a sentence",
    ),
    ("壞 蛋", true, "a space between characters"),
    ("scоundrel", false, "a Cyrillic letter that looks alike"),
    ("sc0undrel", false, "a digit that looks alike"),
    ("$coundrel", false, "a sign that looks alike"),
    ("scoundreeel", false, "a letter repeated"),
    ("scoun-drel", false, "a separator between longer parts"),
    ("lerdnuocs", false, "backwards"),
    ("s👍c👍o👍u👍n👍d👍r👍e👍l", false, "emoji between letters"),
    ("scoundrels", false, "part of a longer word"),
    ("scndrl", false, "letters left out"),
];

#[test]
fn each_way_of_writing_a_word_is_caught_or_not_as_documented() {
    let rules = masking(&["scoundrel", "naïve", "壞蛋"]);
    for (text, is_caught, way) in WAYS {
        let found = rules.screen(TextPlace::Text, text);
        assert_eq!(!found.masked.is_empty(), is_caught, "{way}: {text}");
    }
}

#[test]
fn a_word_may_stand_anywhere_if_the_list_says_so() {
    let anywhere = list(ContentAction::Mask, WordMatching::Anywhere, &["cound"]);
    let rules = rulebook(vec![anywhere]);
    let found = rules.screen(TextPlace::Text, "A SCOUNDREL");
    assert_eq!(found.mask("A SCOUNDREL").as_deref(), Some("A S*****REL"));
}

#[test]
fn each_list_counts_and_only_in_its_places() {
    let mut titles = list(ContentAction::Refuse, WordMatching::Word, &["rogue"]);
    Arc::make_mut(&mut titles).places = vec![TextPlace::Title];
    let flags = list(
        ContentAction::Flag,
        WordMatching::Word,
        &["rogue", "big rogue", "rogue"],
    );
    let masks = list(
        ContentAction::Mask,
        WordMatching::Word,
        &["rogue one", "big rogue"],
    );
    let rules = rulebook(vec![titles, flags, masks]);
    let text = "a big  rogue one";
    let found = rules.screen(TextPlace::Text, text);
    assert!(!found.is_refused);
    assert_eq!(found.flagged_by, [RuleName::parse("l1").unwrap()]);
    // Matches that overlap are one masked part.
    assert_eq!(found.mask(text).as_deref(), Some("a **************"));
    assert!(rules.screen(TextPlace::Title, text).is_refused);
    assert_eq!(rules.screen(TextPlace::Text, "ROGUES").mask("ROGUES"), None);
}

#[test]
fn a_word_that_is_listed_spelled_out_is_found_only_so() {
    let rules = masking(&["s.o.b", "b a d", "bad", "c u"]);
    for (text, expected) in [
        ("you S.O.B!", Some("you *****!")),
        ("you s o b", Some("you *****")),
        (":sob:", None),
        ("bad, b a d", Some("***, *****")),
        ("c u later", Some("*** later")),
        ("Cu", None),
    ] {
        let masked = rules.screen(TextPlace::Text, text).mask(text);
        assert_eq!(masked.as_deref(), expected, "{text}");
    }
}

/// Texts made of a listed word, of separators and of other words.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("bad"),
        Just("BÄD"),
        Just("b a d"),
        Just("b\u{200B}ad"),
        Just("坏蛋"),
        Just("壞 蛋"),
        Just("badly"),
        Just("good"),
        Just(" "),
        Just("."),
        Just("\u{301}"),
        Just("👍"),
        Just("é"),
        Just("한글"),
        Just("x"),
        Just("\n"),
        Just("ß"),
        Just("ｶﾞ"),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn a_mask_keeps_every_code_point_that_is_not_part_of_a_match(text in texts()) {
        let rules = masking(&["bad", "坏蛋"]);
        let found = rules.screen(TextPlace::Text, &text);
        let masked = found.mask(&text).unwrap_or_else(|| text.clone());
        prop_assert_eq!(masked.chars().count(), text.chars().count());
        let mut at = 0;
        for (was, is) in text.chars().zip(masked.chars()) {
            let is_masked = found.masked.iter().any(|range| range.contains(&at));
            prop_assert_eq!(is, if is_masked { '*' } else { was });
            at += was.len_utf8();
        }
        // Each masked part is found again when it stands alone.
        for range in &found.masked {
            let part = rules.screen(TextPlace::Text, &text[range.clone()]);
            prop_assert!(!part.masked.is_empty(), "{:?}", &text[range.clone()]);
        }
    }
}
