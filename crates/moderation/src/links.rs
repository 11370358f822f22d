//! Finds the hosts in a text, with and without a scheme, and decides which the rules refuse.
//!
//! Hosts are compared in ASCII (punycode), as the crate `url` writes them.

use std::collections::HashSet;
use std::ops::Range;

use domain::deployment::LinkRules;
use domain::deployment::content::ContentAction;
use percent_encoding::percent_decode_str;
use url::Host;

/// Domains that people write without a scheme and that programs make links of, besides those of
/// countries, which have two letters. A name with another ending is a link only with a scheme.
const KNOWN_ENDINGS: &[&str] = &[
    "com",
    "net",
    "org",
    "edu",
    "gov",
    "mil",
    "int",
    "info",
    "biz",
    "name",
    "pro",
    "aero",
    "asia",
    "cat",
    "coop",
    "jobs",
    "mobi",
    "museum",
    "post",
    "tel",
    "travel",
    "xxx",
    "app",
    "art",
    "blog",
    "cc",
    "chat",
    "city",
    "click",
    "cloud",
    "club",
    "company",
    "design",
    "dev",
    "email",
    "fun",
    "fyi",
    "games",
    "gay",
    "group",
    "help",
    "host",
    "icu",
    "ink",
    "life",
    "link",
    "live",
    "ltd",
    "media",
    "monster",
    "news",
    "ninja",
    "one",
    "online",
    "page",
    "party",
    "photos",
    "porn",
    "press",
    "rest",
    "rocks",
    "sale",
    "sex",
    "shop",
    "site",
    "social",
    "space",
    "store",
    "stream",
    "studio",
    "surf",
    "team",
    "tech",
    "tips",
    "today",
    "tools",
    "top",
    "vip",
    "wang",
    "webcam",
    "website",
    "wiki",
    "win",
    "work",
    "works",
    "world",
    "xyz",
    "zone",
    "xn--p1ai",
    "xn--fiqs8s",
    "xn--fiqz9s",
    "xn--55qx5d",
    "xn--io0a7i",
    "xn--ses554g",
    "xn--j6w193g",
    "xn--kprw13d",
    "xn--kpry57d",
    "xn--3e0b707e",
    "xn--90ais",
    "xn--j1amh",
    "xn--q9jyb4c",
];

/// A host that is not allowed, and where it is in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedLink {
    /// The host, in ASCII.
    pub host: String,
    /// Where it is in the text, in bytes.
    pub range: Range<usize>,
}

/// The rules for links, compiled.
#[derive(Debug, Default)]
pub struct LinkMatcher {
    deny: HashSet<String>,
    allow_only: Option<HashSet<String>>,
    action: Option<ContentAction>,
}

/// Parses a host as an administrator writes it, and returns it in ASCII. Accepts a name or an
/// address, in Unicode or punycode, without scheme and path.
pub fn parse_host(text: &str) -> Option<String> {
    let text = text.trim().trim_start_matches("*.").trim_end_matches('.');
    let is_plain = !text.is_empty() && !text.contains(['/', '@', '*', '?', '#']);
    let host = Host::parse(text).ok().filter(|_| is_plain)?;
    Some(host.to_string())
}

impl LinkMatcher {
    /// Compiles these rules, whose hosts are in ASCII.
    pub fn compile(rules: &LinkRules) -> Self {
        Self {
            deny: rules.deny.iter().cloned().collect(),
            allow_only: rules
                .allow_only
                .as_ref()
                .map(|hosts| hosts.iter().cloned().collect()),
            action: Some(rules.action),
        }
    }

    /// Whether every host is accepted.
    pub fn is_empty(&self) -> bool {
        self.deny.is_empty() && self.allow_only.is_none()
    }

    /// What happens to a text with a host that is not accepted.
    pub fn action(&self) -> ContentAction {
        self.action.unwrap_or(ContentAction::Refuse)
    }

    /// The hosts of a text that are not accepted.
    pub fn find(&self, text: &str) -> Vec<RefusedLink> {
        if self.is_empty() {
            return Vec::new();
        }
        let mut refused = Vec::new();
        for candidate in find_candidates(text) {
            for host in candidate.readings(text) {
                let is_refused = is_listed(&self.deny, &host.name)
                    || self.allow_only.as_ref().is_some_and(|allowed| {
                        (candidate.has_scheme || has_known_ending(&host.name))
                            && !is_listed(allowed, &host.name)
                    });
                if is_refused {
                    refused.push(RefusedLink {
                        host: host.name,
                        range: host.range,
                    });
                    break;
                }
            }
        }
        refused
    }
}

/// Whether a host or one of the domains above it is listed.
fn is_listed(hosts: &HashSet<String>, host: &str) -> bool {
    let mut rest = Some(host);
    while let Some(name) = rest {
        if hosts.contains(name) {
            return true;
        }
        rest = name.split_once('.').map(|(_, parent)| parent);
    }
    false
}

fn has_known_ending(host: &str) -> bool {
    let Some((_, ending)) = host.rsplit_once('.') else {
        return false;
    };
    let is_country = ending.len() == 2 && ending.bytes().all(|byte| byte.is_ascii_lowercase());
    is_country || KNOWN_ENDINGS.contains(&ending)
}

/// A run of characters that may be part of a host.
#[derive(Debug)]
struct Candidate {
    range: Range<usize>,
    has_scheme: bool,
}

/// A host that a candidate can be read as.
struct Reading {
    name: String,
    range: Range<usize>,
}

impl Candidate {
    /// The hosts that it can be read as: the whole run, and without an ending that no host has, as
    /// where a sentence follows without a space.
    fn readings(&self, text: &str) -> Vec<Reading> {
        let mut readings = Vec::new();
        let run = &text[self.range.clone()];
        let is_edge = |c: char| is_dot(c) || c == '-' || c == '_';
        let begun = run.trim_start_matches(is_edge);
        let start = self.range.end - begun.len();
        let mut part = begun.trim_end_matches(is_edge);
        while let Some(name) = parse_run(part) {
            let is_known = has_known_ending(&name);
            readings.push(Reading {
                name,
                range: start..start + part.len(),
            });
            let Some((before, _)) = part.rsplit_once(is_dot).filter(|_| !is_known) else {
                break;
            };
            part = before;
        }
        readings
    }
}

/// The host that a run of characters is, in ASCII, if it has a dot. Browsers decode `%2e` and the
/// like, and so does `Host`.
fn parse_run(run: &str) -> Option<String> {
    if !percent_decode_str(run).decode_utf8().ok()?.contains(is_dot) {
        return None;
    }
    match Host::parse(run).ok()? {
        Host::Domain(name) if name.contains('.') => Some(name),
        Host::Ipv4(address) => Some(address.to_string()),
        Host::Domain(_) | Host::Ipv6(_) => None,
    }
}

/// The runs of characters that may be hosts: as they stand, and those parts of them that are in
/// scripts with spaces, because scripts without spaces may surround a host.
fn find_candidates(text: &str) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    let mut start = None;
    let ends = text.char_indices().chain([(text.len(), ' ')]);
    for (at, char) in ends {
        match (start, is_host_char(char)) {
            (None, true) => start = Some(at),
            (Some(begin), false) => {
                add_candidates(text, begin..at, &mut candidates);
                start = None;
            }
            _ => {}
        }
    }
    candidates
}

fn add_candidates(text: &str, range: Range<usize>, candidates: &mut Vec<Candidate>) {
    let run = &text[range.clone()];
    if run.contains('%') {
        // As a host with encoded characters, and as the parts around each sign.
        let has_scheme = text[..range.start].ends_with("//");
        let mut begin = range.start;
        for part in run.split('%') {
            add_candidates(text, begin..begin + part.len(), candidates);
            begin += part.len() + 1;
        }
        candidates.push(Candidate { range, has_scheme });
        return;
    }
    if !run.contains(is_dot) {
        return;
    }
    let has_scheme = text[..range.start].ends_with("//");
    let mut begin = range.start;
    let mut parts = 0;
    let mut previous = None;
    for (offset, char) in run.char_indices() {
        // A dot belongs to what is before it and after it.
        let is_unspaced = if is_dot(char) {
            previous
        } else {
            Some(is_unspaced(char))
        };
        if previous.is_some() && is_unspaced != previous {
            let at = range.start + offset;
            candidates.push(Candidate {
                range: begin..at,
                has_scheme: has_scheme && parts == 0,
            });
            (begin, parts) = (at, parts + 1);
        }
        previous = is_unspaced;
    }
    if parts > 0 {
        let has_scheme = false;
        candidates.push(Candidate {
            range: begin..range.end,
            has_scheme,
        });
    }
    candidates.push(Candidate { range, has_scheme });
}

/// Whether a character can be part of a host as people write it.
fn is_host_char(c: char) -> bool {
    c.is_alphanumeric()
        || is_dot(c)
        || matches!(
            c,
            '-' | '_' | '%' | '\u{AD}' | '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}'
        )
        || unicode_normalization::char::is_combining_mark(c)
}

/// Whether a character separates the labels of a host.
fn is_dot(c: char) -> bool {
    matches!(c, '.' | '\u{3002}' | '\u{FF0E}' | '\u{FF61}')
}

/// Whether a character is of a script without spaces between words.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{E00}'..='\u{EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}'
        | '\u{1100}'..='\u{11FF}' | '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{30FF}'
        | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7FF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{323AF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matcher(deny: &[&str], allow_only: Option<&[&str]>) -> LinkMatcher {
        let hosts = |hosts: &[&str]| hosts.iter().map(|host| parse_host(host).unwrap()).collect();
        LinkMatcher::compile(&LinkRules {
            deny: hosts(deny),
            allow_only: allow_only.map(hosts),
            action: ContentAction::Refuse,
        })
    }

    #[test]
    fn a_host_is_found_however_it_is_written() {
        let rules = matcher(&["evil.example", "пример.рф", "10.0.0.1"], None);
        for text in [
            "http://evil.example",
            "https://EVIL.example/path?q=1",
            "see evil.example.",
            "a.b.evil.example:8080",
            "me@evil.example",
            "https://good.example@evil.example/",
            "https://evil.example.",
            "看evil.example吧",
            "ｅｖｉｌ．ｅｘａｍｐｌｅ",
            "evil\u{AD}.example",
            "evil。example",
            "пример.рф",
            "ПРИМЕР.РФ/x",
            "http://xn--e1afmkfd.xn--p1ai",
            "sub.xn--e1afmkfd.xn--p1ai",
            "http://10.0.0.1/",
            "https://evil%2eexample/",
            "https://%65vil.example/",
            "50%evil.example",
            "evil.example.Then this",
            "(evil.example)",
        ] {
            assert_eq!(rules.find(text).len(), 1, "{text}");
        }
        for text in [
            "evil example",
            "notevil.example",
            "evil.example.com",
            "evil.examples",
            "http://good.example/evil.html",
            "no dots",
            "...",
            "",
        ] {
            assert!(rules.find(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn only_allowed_hosts_are_accepted() {
        let rules = matcher(&[], Some(&["good.example", "example.org"]));
        for text in [
            "https://good.example/x",
            "www.example.org",
            "no link here. Or here.",
            "version 1.2.3 of file.txt",
            "end.Start",
        ] {
            assert!(rules.find(text).is_empty(), "{text}");
        }
        for text in [
            "http://bad.example",
            "bad.com",
            "go to other.de/x",
            "http://intern.al",
        ] {
            assert_eq!(rules.find(text).len(), 1, "{text}");
        }
    }

    #[test]
    fn the_range_is_that_of_the_host() {
        let rules = matcher(&["evil.example"], None);
        let text = "go: https://www.evil.example/x";
        let found = &rules.find(text)[0];
        assert_eq!(&text[found.range.clone()], "www.evil.example");
        assert_eq!(found.host, "www.evil.example");
    }

    #[test]
    fn hosts_are_parsed_to_ascii() {
        assert_eq!(
            parse_host("*.Evil.Example.").as_deref(),
            Some("evil.example")
        );
        assert_eq!(
            parse_host("пример.рф").as_deref(),
            Some("xn--e1afmkfd.xn--p1ai")
        );
        for bad in ["", "a b", "http://x.com", "x.com/y", "me@x.com", "a*.com"] {
            assert_eq!(parse_host(bad), None, "{bad}");
        }
    }
}
