//! Fuzzes the query parser and the index. Every text parses or is rejected, and the index returns
//! exactly the hits that a scan of all texts finds: no panic, no wrong hit, and no input that takes
//! disproportionately long.

#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use search::index::{
    Index, IndexCheckpoint, MessageDocument, NoIds, SearchRequest, Sort, VisibilityFilter,
};
use search::{Atom, ParsedQuery, find_highlights};

const TEXTS: [&str; 12] = [
    "good morning, qwen3.6 and foo.png",
    "C++20 #1234 https://example.com/a_b",
    "系统提示：已添加为好友",
    "請發佈新版本",
    "東京タワーに行きました",
    "안녕하세요 여러분",
    "café 👍🏽 💯",
    "去Tokyo了吗 a a a b",
    "rm -rf /tmp && git commit --amend -m x",
    "x 🆘 🇦🇺🇸🇪 #️⃣ Acme™",
    "ٱلكتـاب ٤٢ ज़मीन пʼять",
    "น้ำ ที่ ๔๒",
];

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let index = Index::in_memory().expect("creates an index");
    let mut writer = index.writer().expect("the only writer");
    for (text, n) in TEXTS.iter().zip(1..) {
        let message = MessageDocument {
            position: n,
            conversation: 1,
            seq: n,
            sender: 1,
            sent_at: 0,
            kind: "text".into(),
            mentions: Vec::new(),
            text: (*text).into(),
        };
        writer.add(&message).expect("added");
    }
    writer
        .commit(&IndexCheckpoint::default())
        .expect("committed");
    index.refresh().expect("refreshed");
    index
});

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let _ = find_highlights(&text, []);
    let Ok(query) = ParsedQuery::parse(&text) else {
        return;
    };
    assert!(!query.clauses.is_empty());
    let request = SearchRequest {
        query: &query,
        ids: &NoIds,
        visibility: Arc::new(VisibilityFilter::unrestricted()),
        sort: Sort::Newest,
        up_to: u64::MAX,
        now: 0,
        statistics: None,
        after: None,
        limit: TEXTS.len(),
    };
    let found = INDEX.search(&request).expect("search succeeds");
    assert_eq!(found.total, found.hits.len());
    // Only queries that consist of text alone can be checked against a scan.
    if query.atoms().any(|atom| !matches!(atom, Atom::Text(_))) {
        return;
    }
    for (text, n) in TEXTS.iter().zip(1..) {
        let holds = query.clauses.iter().all(|clause| {
            clause.literals.iter().any(|literal| {
                let Atom::Text(sequence) = &literal.atom else {
                    return false;
                };
                find_highlights(text, [sequence]).is_empty() == literal.is_negated
            })
        });
        let is_found = found.hits.iter().any(|hit| hit.position == n);
        assert_eq!(holds, is_found, "{text:?}");
    }
});
