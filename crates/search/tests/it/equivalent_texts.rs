//! Texts that people write in several ways, and signs: an index finds them, and so do highlights.

use search::index::Sort;
use search::{ParsedQuery, find_highlights};

use crate::index_search::{hit_positions, index_of_texts, search_request};

/// Finds the numbers of the texts that match a query, and checks that their highlights do too.
fn numbers_of_hits(texts: &[&str], query: &str) -> Vec<u64> {
    let (index, visible) = index_of_texts(texts);
    let query = ParsedQuery::parse(query).expect("valid query");
    let found = index
        .search(&search_request(&query, &visible, Sort::Newest))
        .expect("search succeeds");
    let mut hits = hit_positions(&found);
    hits.reverse();
    for hit in &hits {
        let ranges = find_highlights(texts[*hit as usize - 1], query.highlight_terms());
        assert!(!ranges.is_empty(), "{hit}");
    }
    hits
}

#[test]
fn signs_are_found_and_a_flag_is_one_sign() {
    let texts = [
        "x 🆘",
        "🇦🇺🇸🇪",
        "🇺🇸!",
        "press #️⃣ now🆗",
        "Acme™ 🆎",
        "🏳️‍🌈",
        "🌈",
    ];
    for (query, hits) in [
        ("🆘", &[1_u64][..]),
        ("🆗", &[4]),
        ("🆎", &[5]),
        ("#️⃣", &[4]),
        ("acme", &[5]),
        ("acme™", &[5]),
        ("🇺🇸", &[3]),
        ("🇦🇺", &[2]),
        ("🇸🇪", &[2]),
        ("🌈", &[7]),
        ("🏳️‍🌈", &[6]),
    ] {
        assert_eq!(numbers_of_hits(&texts, query), hits, "{query}");
    }
}

#[test]
fn every_emoji_letter_in_a_square_is_found() {
    let signs = std::iter::once('\u{1F18E}').chain('\u{1F191}'..='\u{1F19A}');
    for sign in signs {
        let text = format!("x {sign}");
        assert_eq!(
            numbers_of_hits(&["x", &text], &sign.to_string()),
            [2],
            "{sign}"
        );
    }
}

#[test]
fn letters_and_digits_with_several_forms_match_each_other() {
    for (text, query) in [
        ("مرحـــبا", "مرحبا"),
        ("ٱلكتاب", "الكتاب"),
        ("کتاب", "كتاب"),
        ("غرفة ٤٢", "غرفه 42"),
        ("कमरा ४२", "कमरा 42"),
        ("ज़मीन", "जमीन"),
        ("пʼять", "п'ять"),
        ("donʼt", "don't"),
        ("นํ้า", "น้ำ"),
        ("ที่ ๔๒", "ท\u{E48}ี 42"),
    ] {
        assert_eq!(numbers_of_hits(&["x", text], query), [2], "{query}");
        assert_eq!(numbers_of_hits(&["x", query], text), [2], "{text}");
    }
}

#[test]
fn long_words_that_begin_alike_stay_apart() {
    let beginning = "a".repeat(300);
    let [one, other] = ["1", "2"].map(|end| format!("{beginning}{end}"));
    let texts = [one.as_str(), other.as_str()];
    assert_eq!(numbers_of_hits(&texts, &one), [1]);
    assert_eq!(numbers_of_hits(&texts, &other), [2]);
    assert_eq!(
        numbers_of_hits(&texts, &format!("{}*", "a".repeat(20))),
        [1, 2]
    );
    assert_eq!(numbers_of_hits(&texts, &format!("{beginning}*")), [1, 2]);
}
