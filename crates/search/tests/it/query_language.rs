//! The query language: ordinary queries, malformed ones and limits.

use search::{Atom, ParsedQuery, QueryParseError, Term, TermSequence};

/// Parses a query and prints its clauses separated by `&` and their literals by `|`.
fn parse_to_string(text: &str) -> String {
    let query = match ParsedQuery::parse(text) {
        Ok(query) => query,
        Err(error) => return error.to_string(),
    };
    let render = |sequence: &TermSequence| {
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
            let literals = clause.literals.iter().map(|literal| {
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
    assert_eq!(parse_to_string("Good morning"), "good & morning");
    assert_eq!(
        parse_to_string(r#""good morning" all"#),
        "good+morning & all"
    );
    assert_eq!(parse_to_string("添加 好友"), "添加 & 好友");
}

#[test]
fn a_dash_negates_the_item_that_follows_it() {
    assert_eq!(parse_to_string("tea -milk"), "tea & not milk");
    assert_eq!(
        parse_to_string(r#"-"with milk" tea"#),
        "not with+milk & tea"
    );
    assert_eq!(parse_to_string("-from:bob tea"), r#"not From("bob") & tea"#);
    assert_eq!(parse_to_string("tea - milk"), "tea & milk");
    assert_eq!(parse_to_string("--milk"), "milk");
    assert_eq!(parse_to_string("well-known"), "well+known");
}

#[test]
fn options_of_commands_are_searched_as_text() {
    assert_eq!(parse_to_string("rm -rf /tmp"), "rm & rf & tmp");
    assert_eq!(
        parse_to_string("git commit --amend"),
        "git & commit & amend"
    );
    assert_eq!(parse_to_string("tool --dry-run -v"), "tool & dry+run & v");
    assert_eq!(parse_to_string("gcc -std=c99"), "gcc & std+c99");
    assert_eq!(
        parse_to_string("ls -la tea -milk"),
        "ls & la & tea & not milk"
    );
    assert_eq!(parse_to_string("python -django"), "python & not django");
    assert_eq!(parse_to_string(r#"rm -"rf""#), "rm & not rf");
    assert_eq!(parse_to_string("rm OR -rf"), "rm | not rf");
    assert_eq!(
        parse_to_string("rm in:lunch -rf"),
        r#"rm & In("lunch") & not rf"#
    );
    assert_eq!(parse_to_string("rm -from:bob"), r#"rm & not From("bob")"#);
}

#[test]
fn or_joins_its_two_neighbours_and_binds_tighter_than_and() {
    assert_eq!(parse_to_string("a b OR c"), "a & b | c");
    assert_eq!(parse_to_string("a OR b OR c d"), "a | b | c & d");
    assert_eq!(parse_to_string("OR"), "or");
    assert_eq!(parse_to_string("OR a"), "or & a");
    assert_eq!(parse_to_string("a OR"), "a & or");
    assert_eq!(parse_to_string("a or b"), "a & or & b");
    assert_eq!(
        parse_to_string("a !! OR b"),
        "a & or & b",
        "its neighbour contains no word"
    );
    assert_eq!(
        parse_to_string("a OR !! b"),
        "a & b",
        "its neighbour contains no word"
    );
}

#[test]
fn a_star_marks_a_prefix() {
    assert_eq!(parse_to_string("rel*"), "rel*");
    assert_eq!(parse_to_string("foo.p*"), "foo+p*");
    assert_eq!(parse_to_string("*"), "a query needs a word or an operator");
    assert_eq!(parse_to_string("添*"), "添*");
    assert_eq!(parse_to_string("添加*"), "添加");
    assert_eq!(parse_to_string("a*b"), "a+b");
}

#[test]
fn operators_are_recognised_by_name_and_value() {
    assert_eq!(
        parse_to_string("From:ann in:lunch type:Image"),
        r#"From("ann") & In("lunch") & Type("image")"#
    );
    assert_eq!(
        parse_to_string(r#"from:"ann lee" has:LINK has:mention mentions:me"#),
        r#"From("ann lee") & HasLink & HasMention & Mentions("me")"#
    );
    assert_eq!(
        parse_to_string("before:2026-11-01 after:2024-02-29 on:2026-10-31"),
        "Before(2026-11-01) & After(2024-02-29) & On(2026-10-31)"
    );
}

#[test]
fn invalid_operators_are_searched_as_text() {
    assert_eq!(parse_to_string("before:yesterday"), "before+yesterday");
    assert_eq!(parse_to_string("on:2026-02-30"), "on+2026+02+30");
    assert_eq!(parse_to_string("after:2026-1-1"), "after+2026+1+1");
    assert_eq!(parse_to_string("has:cheese"), "has+cheese");
    assert_eq!(
        parse_to_string("Type::First in::x type:a->b"),
        "type+first & in+x & type+a+b"
    );
    assert_eq!(parse_to_string("from:"), "from");
    assert_eq!(parse_to_string("sender:*"), "sender");
    assert_eq!(parse_to_string("https://a.example/b"), "https+a+example+b");
    assert_eq!(parse_to_string("12:30"), "12+30");
}

#[test]
fn quotation_marks_need_not_be_closed() {
    assert_eq!(parse_to_string(r#""open end"#), "open & end");
    assert_eq!(parse_to_string(r#"foo"bar baz"qux"#), "foo & bar+baz & qux");
    assert_eq!(
        parse_to_string(r#""""#),
        "a query needs a word or an operator"
    );
}

#[test]
fn junk_is_parsed_within_limits() {
    assert_eq!(
        ParsedQuery::parse(&"(".repeat(1_024)),
        Err(QueryParseError::Empty)
    );
    let clauses = |text: &str| ParsedQuery::parse(text).expect("valid query").clauses.len();
    // Duplicates are removed, and limits bound the number of items.
    assert_eq!(clauses(&"NOT ".repeat(256)), 1);
    assert_eq!(clauses(&("a".to_owned() + &" OR a".repeat(60))), 1);
    let many: Vec<String> = (0..200).map(|n| n.to_string()).collect();
    assert_eq!(clauses(&many.join(" ")), search::query::MAX_ATOMS);
    assert_eq!(
        clauses("a* b* c* d* e* f* g* h* i*"),
        search::query::MAX_PREFIXES
    );
    assert_eq!(
        clauses("一 二 三 四 五 六 七 八 words"),
        search::query::MAX_PREFIXES + 1
    );
    assert_eq!(
        ParsedQuery::parse(&"(".repeat(100_000)),
        Err(QueryParseError::TooLong(100_000))
    );
    for text in [
        "~99999",
        "^1e308",
        "/(a*)*b/",
        "id:[* TO *]",
        "a\u{0}b",
        "\u{202E}x",
    ] {
        assert!(ParsedQuery::parse(text).is_ok(), "{text}");
    }
}
