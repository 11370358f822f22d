//! Properties that hold for every text and every query.

use proptest::prelude::*;
use search::{ParsedQuery, TermSequence, find_highlights, tokenize};

/// Words of several scripts, codes, symbols and emoji, without spaces.
fn any_word() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z]{1,8}",
        "[a-z]{1,4}[0-9]{1,3}[.][0-9]{1,2}",
        "[A-Z][+#]{0,3}[0-9]{0,2}",
        "[@#.$]?[a-z]{1,5}[._/-][a-z]{1,5}[!?.,]{0,2}",
        "[àéîöÜßŁœñ]{1,6}",
        "[添加为好友已开发东京都]{1,6}",
        "[ひらがなカタカナー]{1,6}",
        "[한국어메시지]{1,5}",
        "[ไทยภาษา]{1,5}",
        "[ａｂｃｶﾞｷﾞ１２]{1,4}",
        "[👍❤🎉🏽\u{200D}\u{FE0F}]{1,3}",
        "[हिन्दी]{1,5}",
        "[सलामाज\u{93C}क़०१२]{1,5}",
        "[سلاامأإٱـکكىی٠١٢\u{64E}]{1,6}",
        "[กขนา\u{E33}\u{E35}\u{E48}\u{E49}\u{E4D}๑๒]{1,6}",
        "[🇦🇺🇸🇪🏳🏴\u{FE0F}\u{200D}🌈☠\u{E0067}\u{E007F}]{1,6}",
        "[0-9#*]\u{FE0F}?\u{20E3}[🆘🆎©™‼]{0,2}",
        "[a-zʼ’'éя]{1,8}",
        "[ab]{238,250}",
        "[a-z]{0,3}[添加好友]{1,3}[a-z0-9]{0,3}",
        "\\PC{1,6}",
    ]
    .prop_filter("no spaces", |word| {
        !word.is_empty() && !word.chars().any(char::is_whitespace)
    })
}

/// A run of a script without spaces, of characters that normalization maps one to one.
fn any_unspaced_run() -> impl Strategy<Value = String> {
    prop_oneof![
        "[添加为好友已开发东京都]{1,12}",
        "[ひらがなカター]{1,12}",
        "[한국어메시지]{1,12}"
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn consecutive_words_match_as_a_phrase(
        words in prop::collection::vec(any_word(), 1..12),
        from in any::<prop::sample::Index>(),
        length in 1_usize..4,
    ) {
        let from = from.index(words.len());
        let phrase = words[from..words.len().min(from + length)].join(" ");
        let text = words.join(" ");
        if let Some(sequence) = TermSequence::new(&phrase) {
            prop_assert!(!find_highlights(&text, [&sequence]).is_empty(), "{phrase:?} in {text:?}: {sequence:?}");
        }
    }

    #[test]
    fn every_part_of_a_run_is_highlighted_in_place(
        before in "[a-z 。，！]{0,4}",
        run in any_unspaced_run(),
        after in "[a-z 。，！]{0,4}",
        from in any::<prop::sample::Index>(),
        length in 1_usize..8,
    ) {
        let chars: Vec<char> = run.chars().collect();
        let from = from.index(chars.len());
        let part: String = chars[from..chars.len().min(from + length)].iter().collect();
        let sequence = TermSequence::new(&part).expect("has tokens");
        let ranges = find_highlights(&format!("{before}{run}{after}"), [&sequence]);
        let begin = before.chars().count() + from;
        let end = begin + part.chars().count();
        prop_assert!(
            ranges.iter().any(|range| range[0] <= begin && end <= range[1]),
            "{part:?} in {run:?}: {ranges:?}"
        );
    }

    #[test]
    fn case_and_accents_are_ignored(words in prop::collection::vec("[a-zàéîöüñ]{1,8}", 1..5)) {
        let text = words.join(" ");
        let sequence = TermSequence::new(&text.to_uppercase()).expect("words");
        prop_assert_eq!(find_highlights(&text, [&sequence]), vec![[0, text.chars().count()]]);
    }

    #[test]
    fn tokens_lie_within_the_text_and_positions_have_no_gaps(text in "\\PC{0,60}|[\\s\\S]{0,60}") {
        let mut last = 0;
        for token in tokenize(&text) {
            prop_assert!(text.get(token.start..token.end).is_some_and(|source| !source.is_empty()));
            prop_assert!(token.position == last || token.position == last + 1);
            last = token.position;
        }
    }

    #[test]
    fn every_text_parses_or_is_rejected(text in "\\PC{0,80}|[\\s\\S]{0,80}|[-\"*:()OR a添]{0,60}|[a-z\":* -]{0,1024}") {
        if let Ok(query) = ParsedQuery::parse(&text) {
            prop_assert!(!query.clauses.is_empty());
            prop_assert!(query.clauses.iter().all(|clause| !clause.literals.is_empty()));
            for sequence in query.highlight_terms() {
                prop_assert_eq!(sequence.terms[0].0, 0);
                prop_assert!(sequence.terms.windows(2).all(|pair| pair[0].0 < pair[1].0));
            }
        }
    }

    #[test]
    fn ranges_are_sorted_and_do_not_touch(words in prop::collection::vec(any_word(), 1..8), query in any_word()) {
        let text = words.join(" ");
        let sequences: Vec<_> = TermSequence::new(&query).into_iter().collect();
        let ranges = find_highlights(&text, &sequences);
        prop_assert!(ranges.iter().all(|range| range[0] < range[1]));
        prop_assert!(ranges.windows(2).all(|pair| pair[0][1] < pair[1][0]));
        prop_assert!(ranges.last().is_none_or(|range| range[1] <= text.chars().count()));
    }
}
