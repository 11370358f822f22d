//! The query language: ordinary queries, malformed ones and limits.

use search::{Atom, Needle, Query, Refused, Term};

/// Parses a query and prints its clauses separated by `&` and their literals by `|`.
fn read(text: &str) -> String {
    let query = match Query::parse(text) {
        Ok(query) => query,
        Err(error) => return error.to_string(),
    };
    let render = |sequence: &Needle| {
        let terms: Vec<_> = sequence
            .terms
            .iter()
            .map(|(_, term)| match term {
                Term::Exact(text) => text.clone(),
                Term::Prefix(text) => format!("{text}*"),
            })
            .collect();
        terms.join("+")
    };
    let atom = |atom: &Atom| match atom {
        Atom::Text(sequence) => render(sequence),
        other => format!("{other:?}"),
    };
    let clauses: Vec<_> = query
        .clauses
        .iter()
        .map(|clause| {
            let literals = clause.any.iter().map(|literal| {
                let not = if literal.is_negated { "not " } else { "" };
                format!("{not}{}", atom(&literal.atom))
            });
            literals.collect::<Vec<_>>().join(" | ")
        })
        .collect();
    clauses.join(" & ")
}

#[test]
fn words_are_anded_and_phrases_stay_together() {
    assert_eq!(read("Good morning"), "good & morning");
    assert_eq!(read(r#""good morning" all"#), "good+morning & all");
    assert_eq!(read("添加 好友"), "添加 & 好友");
}

#[test]
fn a_dash_negates_the_item_that_follows_it() {
    assert_eq!(read("tea -milk"), "tea & not milk");
    assert_eq!(read(r#"-"with milk" tea"#), "not with+milk & tea");
    assert_eq!(read("-from:bob tea"), r#"not From("bob") & tea"#);
    assert_eq!(read("tea - milk"), "tea & milk");
    assert_eq!(read("--milk"), "milk");
    assert_eq!(read("well-known"), "well+known");
}

#[test]
fn or_joins_its_two_neighbours_and_binds_tighter_than_and() {
    assert_eq!(read("a b OR c"), "a & b | c");
    assert_eq!(read("a OR b OR c d"), "a | b | c & d");
    assert_eq!(read("OR"), "or");
    assert_eq!(read("OR a"), "or & a");
    assert_eq!(read("a OR"), "a & or");
    assert_eq!(read("a or b"), "a & or & b");
    assert_eq!(
        read("a !! OR b"),
        "a & or & b",
        "its neighbour contains no word"
    );
    assert_eq!(read("a OR !! b"), "a & b", "its neighbour contains no word");
}

#[test]
fn a_star_marks_a_prefix() {
    assert_eq!(read("rel*"), "rel*");
    assert_eq!(read("foo.p*"), "foo+p*");
    assert_eq!(read("*"), "a query needs a word or an operator");
    assert_eq!(read("添*"), "添*");
    assert_eq!(read("添加*"), "添加");
    assert_eq!(read("a*b"), "a+b");
}

#[test]
fn operators_are_recognised_by_name_and_value() {
    assert_eq!(
        read("From:ann in:lunch type:Image"),
        r#"From("ann") & In("lunch") & Type("image")"#
    );
    assert_eq!(
        read(r#"from:"ann lee" has:LINK has:mention mentions:me"#),
        r#"From("ann lee") & HasLink & HasMention & Mentions("me")"#
    );
    assert_eq!(
        read("before:2026-11-01 after:2024-02-29 on:2026-10-31"),
        "Before(2026-11-01) & After(2024-02-29) & On(2026-10-31)"
    );
}

#[test]
fn invalid_operators_are_searched_as_text() {
    assert_eq!(read("before:yesterday"), "before+yesterday");
    assert_eq!(read("on:2026-02-30"), "on+2026+02+30");
    assert_eq!(read("after:2026-1-1"), "after+2026+1+1");
    assert_eq!(read("has:cheese"), "has+cheese");
    assert_eq!(
        read("Type::First in::x type:a->b"),
        "type+first & in+x & type+a+b"
    );
    assert_eq!(read("from:"), "from");
    assert_eq!(read("sender:*"), "sender");
    assert_eq!(read("https://a.example/b"), "https+a+example+b");
    assert_eq!(read("12:30"), "12+30");
}

#[test]
fn quotation_marks_need_not_be_closed() {
    assert_eq!(read(r#""open end"#), "open & end");
    assert_eq!(read(r#"foo"bar baz"qux"#), "foo & bar+baz & qux");
    assert_eq!(read(r#""""#), "a query needs a word or an operator");
}

#[test]
fn junk_is_parsed_within_limits() {
    assert_eq!(Query::parse(&"(".repeat(1_024)), Err(Refused::Empty));
    let clauses = |text: &str| Query::parse(text).expect("valid query").clauses.len();
    // Duplicates are removed, and limits bound the number of items.
    assert_eq!(clauses(&"NOT ".repeat(256)), 1);
    assert_eq!(clauses(&("a".to_owned() + &" OR a".repeat(60))), 1);
    let many: Vec<String> = (0..200).map(|n| n.to_string()).collect();
    assert_eq!(clauses(&many.join(" ")), search::query::ATOMS);
    assert_eq!(clauses("a* b* c* d* e* f* g* h* i*"), search::query::OPEN);
    assert_eq!(
        clauses("一 二 三 四 五 六 七 八 words"),
        search::query::OPEN + 1
    );
    assert_eq!(
        Query::parse(&"(".repeat(100_000)),
        Err(Refused::TooLong(100_000))
    );
    for text in [
        "~99999",
        "^1e308",
        "/(a*)*b/",
        "id:[* TO *]",
        "a\u{0}b",
        "\u{202E}x",
    ] {
        assert!(Query::parse(text).is_ok(), "{text}");
    }
}
