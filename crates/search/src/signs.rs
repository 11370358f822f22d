//! Signs: emoji and other symbols that are a word of their own, also if several characters form
//! one.

/// Whether a character is an emoji or a symbol shown as one. Digits and `#` are not, although
/// keycap emoji begin with them.
pub(crate) fn is_emoji(c: char) -> bool {
    matches!(c,
        '\u{A9}' | '\u{AE}' | '\u{203C}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{2194}'..='\u{21AA}'
        | '\u{2318}' | '\u{231A}'..='\u{23FF}' | '\u{25AA}'..='\u{25FE}' | '\u{2600}'..='\u{27BF}'
        | '\u{2934}' | '\u{2935}' | '\u{2B05}'..='\u{2B55}' | '\u{3030}' | '\u{303D}'
        | '\u{1F000}'..='\u{1F0FF}' | '\u{1F1E6}'..='\u{1F1FF}' | '\u{1F300}'..='\u{1FAFF}')
        || is_squared_word(c)
}

/// Whether a character is a word or an emoji letter in a square or a circle, such as 🆘 and 🅿, that
/// has no letters as its compatibility form.
fn is_squared_word(c: char) -> bool {
    matches!(c,
        '\u{1F10D}'..='\u{1F10F}' | '\u{1F12F}' | '\u{1F16D}'..='\u{1F171}' | '\u{1F17E}' | '\u{1F17F}'
        | '\u{1F18A}'..='\u{1F18F}' | '\u{1F191}'..='\u{1F1AD}' | '\u{1F200}'..='\u{1F2FF}')
}

/// Whether a character is invisible on its own: joiners, variation selectors, skin tones and
/// direction marks.
pub(crate) fn is_ignorable(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{200C}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}' | '\u{2066}'..='\u{2069}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{1F3FB}'..='\u{1F3FF}' | '\u{E0000}'..='\u{E01EF}')
}

const JOINER: char = '\u{200D}';
const KEYCAP: char = '\u{20E3}';
const WHITE_FLAG: char = '\u{1F3F3}';
const BLACK_FLAG: char = '\u{1F3F4}';

/// Whether the two characters are the letters of a country's flag.
pub(crate) fn is_country_flag(first: char, second: char) -> bool {
    let is_letter = |c| matches!(c, '\u{1F1E6}'..='\u{1F1FF}');
    is_letter(first) && is_letter(second)
}

/// Whether a flag that begins with the character `first` continues with the emoji `next` after the
/// character `last`, as the rainbow flag does.
pub(crate) fn continues_flag(first: char, last: char, next: char) -> bool {
    matches!(first, WHITE_FLAG | BLACK_FLAG) && last == JOINER && is_emoji(next)
}

/// The visible characters of a cluster that is one sign, which normalization must not take apart: a
/// flag, a keycap, or a symbol whose compatibility form is something else (`™`, `‼`). `None` for
/// any other cluster.
pub(crate) fn parse_sign(cluster: &str) -> Option<String> {
    let mut chars = cluster.chars();
    let first = chars.next()?;
    match first {
        '\u{A9}' | '\u{AE}' | '\u{203C}' | '\u{2049}' | '\u{2122}' | '\u{2139}' => {
            Some(first.to_string())
        }
        '0'..='9' if cluster.contains(KEYCAP) => Some(first.to_string()),
        '#' | '*' if cluster.contains(KEYCAP) => Some(format!("{first}{KEYCAP}")),
        WHITE_FLAG | BLACK_FLAG => {
            // Tags name the region of a flag: 🏴󠁧󠁢󠁥󠁮󠁧󠁿 is England's.
            let is_tag = |c| first == BLACK_FLAG && matches!(c, '\u{E0020}'..='\u{E007E}');
            let visible = |c: &char| is_tag(*c) || is_emoji(*c) && !is_ignorable(*c);
            Some(cluster.chars().filter(visible).collect())
        }
        _ => chars
            .next()
            .filter(|second| is_country_flag(first, *second))
            .map(|second| format!("{first}{second}")),
    }
}
