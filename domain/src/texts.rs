//! Short texts that people see: names, descriptions, languages and addresses of avatars.

use crate::body::is_invisible;
use crate::ids::{FileId, InvalidIdError, text_id};

/// The maximum length of the address of an avatar, in characters.
const MAX_ADDRESS_CHARS: usize = 2_048;

/// What the address of an avatar begins with, in upper or lower case.
const HTTPS: &str = "https://";

text_id!(
    /// The name of a user as others see it: 1 to 64 characters, not only invisible ones.
    DisplayName,
    |text| {
        if text.chars().count() > 64 || text.contains('\0') {
            return Err(InvalidIdError(
                "A display name must have 1 to 64 characters, without U+0000.",
            ));
        }
        if text.chars().all(is_invisible) {
            return Err(InvalidIdError(
                "The display name is empty or contains only invisible characters; send null to \
                 remove it.",
            ));
        }
        Ok(())
    }
);

text_id!(
    /// What a user says about themselves: at most 300 characters.
    About,
    |text| {
        if text.chars().count() > 300 || text.contains('\0') {
            return Err(InvalidIdError(
                "This text must have at most 300 characters, without U+0000.",
            ));
        }
        Ok(())
    }
);

text_id!(
    /// What a user says with a contact request: at most 200 characters.
    ContactNote,
    |text| {
        if text.chars().count() > 200 || text.contains('\0') {
            return Err(InvalidIdError(
                "A note must have at most 200 characters, without U+0000.",
            ));
        }
        Ok(())
    }
);

text_id!(
    /// What a reporter or a moderator writes about a case: at most 1,000 characters.
    CaseNote,
    |text| {
        if text.chars().count() > 1_000 || text.contains('\0') {
            return Err(InvalidIdError(
                "A note must have at most 1,000 characters, without U+0000.",
            ));
        }
        Ok(())
    }
);

text_id!(
    /// The avatar of a user or a conversation: the id of a file, or an https URL of at most 2,048
    /// characters.
    Avatar,
    |text| {
        if FileId::parse(text).is_ok() {
            return Ok(());
        }
        let scheme = text.get(..HTTPS.len());
        let is_https = scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(HTTPS));
        let rest = text.get(HTTPS.len()..).filter(|_| is_https).unwrap_or_default();
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let is_blank = |c: char| c.is_whitespace() || c.is_control();
        if host.is_empty() || text.chars().count() > MAX_ADDRESS_CHARS || text.contains(is_blank) {
            return Err(InvalidIdError(
                "An avatar must be the id of a stored image of yours (POST /v1/files), an https \
                 URL of at most 2,048 characters, or null.",
            ));
        }
        Ok(())
    }
);

impl Avatar {
    /// The file that it shows; `None` if it is an address.
    pub fn file(&self) -> Option<FileId> {
        FileId::parse(self.as_str()).ok()
    }
}

text_id!(
    /// A language, and where and how it is written: a well-formed BCP 47 tag such as `zh-Hans-CN`.
    Locale,
    |text| {
        if text.len() > 100 || !is_language_tag(text) {
            return Err(InvalidIdError(
                "Expected a BCP 47 language tag such as en, de-AT or zh-Hans-CN.",
            ));
        }
        Ok(())
    }
);

text_id!(
    /// A time zone by its name in the IANA database, such as `Asia/Shanghai` or `UTC`.
    TimeZoneName,
    |text| {
        let is_legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '-');
        let is_part = |part: &str| {
            part.starts_with(|c: char| c.is_ascii_alphabetic()) && part.chars().all(is_legal)
        };
        if text.len() > 64 || !text.split('/').all(is_part) {
            return Err(InvalidIdError(
                "Expected the name of an IANA time zone, such as Asia/Shanghai or UTC.",
            ));
        }
        Ok(())
    }
);

/// The tags of the time before the grammar of RFC 5646 that do not follow it and stay valid. There
/// will be no more of them. The regular ones, such as `zh-min-nan`, follow the grammar.
const IRREGULAR_LANGUAGE_TAGS: [&str; 17] = [
    "en-GB-oed",
    "i-ami",
    "i-bnn",
    "i-default",
    "i-enochian",
    "i-hak",
    "i-klingon",
    "i-lux",
    "i-mingo",
    "i-navajo",
    "i-pwn",
    "i-tao",
    "i-tay",
    "i-tsu",
    "sgn-BE-FR",
    "sgn-BE-NL",
    "sgn-CH-DE",
];

/// Whether a text is a tag of RFC 5646: by its grammar, or one of the irregular ones.
fn is_language_tag(text: &str) -> bool {
    let mut irregular = IRREGULAR_LANGUAGE_TAGS.iter();
    follows_tag_grammar(text) || irregular.any(|tag| text.eq_ignore_ascii_case(tag))
}

/// Language, script, region, variants, extensions, private use.
fn follows_tag_grammar(text: &str) -> bool {
    let is_alnum = |tag: &str| !tag.is_empty() && tag.bytes().all(|b| b.is_ascii_alphanumeric());
    let is_alpha = |tag: &str| tag.bytes().all(|b| b.is_ascii_alphabetic());
    let mut tags = text.split('-').peekable();
    if !text.split('-').all(|tag| is_alnum(tag) && tag.len() <= 8) {
        return false;
    }
    if !text.starts_with(['x', 'X']) || text.as_bytes().get(1) != Some(&b'-') {
        let Some(language) = tags.next() else {
            return false;
        };
        if language.len() < 2 || !is_alpha(language) {
            return false;
        }
        let mut extended = 0;
        while language.len() <= 3
            && extended < 3
            && tags
                .next_if(|tag| tag.len() == 3 && is_alpha(tag))
                .is_some()
        {
            extended += 1;
        }
        let _script = tags.next_if(|tag| tag.len() == 4 && is_alpha(tag));
        let _region = tags.next_if(|tag| is_region(tag));
        while tags.next_if(|tag| is_variant(tag)).is_some() {}
        while tags
            .next_if(|tag| tag.len() == 1 && !tag.eq_ignore_ascii_case("x"))
            .is_some()
        {
            if tags.next_if(|tag| tag.len() >= 2).is_none() {
                return false;
            }
            while tags.next_if(|tag| tag.len() >= 2).is_some() {}
        }
    }
    match tags.next() {
        None => true,
        Some(single) => single.eq_ignore_ascii_case("x") && tags.next().is_some(),
    }
}

fn is_region(tag: &str) -> bool {
    let letters = tag.len() == 2 && tag.bytes().all(|b| b.is_ascii_alphabetic());
    letters || tag.len() == 3 && tag.bytes().all(|b| b.is_ascii_digit())
}

fn is_variant(tag: &str) -> bool {
    tag.len() >= 5 || tag.len() == 4 && tag.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_tags_follow_the_grammar() {
        for tag in [
            "en",
            "de-AT",
            "zh-Hans-CN",
            "zh-cmn-Hans-CN",
            "es-419",
            "sl-rozaj-biske",
            "de-CH-1901",
            "en-US-u-ca-gregory",
            "x-klingon",
            "en-x-club",
            "haw",
            "und",
            // The tags that were registered before the grammar: irregular, and regular.
            "i-klingon",
            "I-Default",
            "en-GB-oed",
            "sgn-BE-FR",
            "art-lojban",
            "cel-gaulish",
            "no-bok",
            "zh-guoyu",
            "zh-hakka",
            "zh-min",
            "zh-min-nan",
            "zh-xiang",
        ] {
            assert!(Locale::parse(tag).is_ok(), "{tag}");
        }
        for text in [
            "",
            "e",
            "en_US",
            "en-",
            "-en",
            "en-u",
            "en-x",
            "12",
            "de DE",
            "zh-Hans-Hant",
            "en-US-GB",
            "i-elvish",
            "en-GB-ox",
        ] {
            assert!(Locale::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_and_descriptions_are_limited_in_characters() {
        assert!(DisplayName::parse(&"界".repeat(64)).is_ok());
        for bad in ["", " \u{200b}", "a\0", &"a".repeat(65)] {
            assert!(DisplayName::parse(bad).is_err(), "{bad:?}");
        }
        assert_eq!(
            DisplayName::parse(" Ann ").map(String::from).as_deref(),
            Ok(" Ann ")
        );
        assert!(About::parse("").is_ok() && About::parse(&"界".repeat(300)).is_ok());
        assert!(About::parse(&"a".repeat(301)).is_err());
    }

    #[test]
    fn an_avatar_is_a_file_or_an_https_address() {
        let avatar = |text: &str| Avatar::parse(text).expect("a valid avatar");
        let id = "019ad2c5-7a31-7c1e-9f6e-2f0f3d1c9b5a";
        assert_eq!(avatar(id).file(), FileId::parse(id).ok());
        assert_eq!(avatar("https://example.com/ann.png?size=1").file(), None);
        assert!(Avatar::parse("HTTPS://EXAMPLE.com/a").is_ok());
        for bad in [
            "",
            "ann.png",
            "http://example.com/a",
            "http://a",
            "https:///a",
            "https://a b",
            "javascript:1",
            "019AD2C5-7a31-7c1e-9f6e-2f0f3d1c9b5a",
        ] {
            assert!(Avatar::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn time_zones_have_iana_names() {
        for zone in [
            "UTC",
            "Asia/Shanghai",
            "America/Argentina/Buenos_Aires",
            "Etc/GMT+8",
        ] {
            assert!(TimeZoneName::parse(zone).is_ok(), "{zone}");
        }
        for bad in ["", "+08:00", "Asia/", "/UTC", "Asia Shanghai"] {
            assert!(TimeZoneName::parse(bad).is_err(), "{bad}");
        }
    }
}
