//! Letters, digits and marks that people write in several ways: which marks a search ignores, and
//! the one form of each letter and digit.

/// Whether a character is a mark that people omit when they search: accents, Hebrew points, Arabic
/// vowel signs and the tatweel that stretches a word, the nukta of Indic scripts. A mark that makes
/// a different letter is not included if it has a code point of its own (dakuten, the vowels of
/// Indic scripts). If it shares the code point of an accent, the two letters match each other, as й
/// and и do.
pub(crate) fn is_accent(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36F}'
        | '\u{591}'..='\u{5BD}' | '\u{5BF}' | '\u{5C1}' | '\u{5C2}' | '\u{5C4}' | '\u{5C5}' | '\u{5C7}'
        | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}')
        || is_arabic_mark(c)
        || is_nukta(c)
}

/// Whether a character is a tatweel, an Arabic vowel sign, a hamza on a letter, or a sign for
/// recitation.
fn is_arabic_mark(c: char) -> bool {
    matches!(c,
        '\u{610}'..='\u{61A}' | '\u{640}' | '\u{64B}'..='\u{65F}' | '\u{670}' | '\u{674}'
        | '\u{6D6}'..='\u{6DC}' | '\u{6DF}'..='\u{6E4}' | '\u{6E7}' | '\u{6E8}' | '\u{6EA}'..='\u{6ED}'
        | '\u{897}'..='\u{89F}' | '\u{8CA}'..='\u{8E1}' | '\u{8E3}'..='\u{8FF}')
}

/// Whether a character is the dot below a letter for a sound that the script has no letter for.
fn is_nukta(c: char) -> bool {
    matches!(
        c,
        '\u{93C}'
            | '\u{9BC}'
            | '\u{A3C}'
            | '\u{ABC}'
            | '\u{B3C}'
            | '\u{C3C}'
            | '\u{CBC}'
            | '\u{110BA}'
            | '\u{11173}'
            | '\u{111CA}'
            | '\u{11236}'
            | '\u{112E9}'
            | '\u{1133B}'
            | '\u{1133C}'
            | '\u{11446}'
            | '\u{114C3}'
            | '\u{115C0}'
            | '\u{116B7}'
            | '\u{1183A}'
            | '\u{11943}'
            | '\u{11D42}'
    )
}

/// Returns the common form of a letter or a digit: one or two characters, which no further call
/// changes. Its argument is decomposed and in lower case.
pub(crate) fn fold_letter(c: char) -> impl Iterator<Item = char> {
    let (first, second) = match c {
        _ if c.is_ascii() => (c, None),
        'ß' => ('s', Some('s')),
        'æ' => ('a', Some('e')),
        'œ' => ('o', Some('e')),
        'þ' => ('t', Some('h')),
        'ø' => ('o', None),
        'ł' => ('l', None),
        'đ' | 'ð' => ('d', None),
        'ħ' => ('h', None),
        'ı' => ('i', None),
        'ς' => ('σ', None),
        // Apostrophes, the Hawaiian okina, and the hamza and ayn of transliterations.
        '\u{2BB}'..='\u{2BF}' | '\u{2018}' | '\u{2019}' | '\u{201B}' => ('\'', None),
        // Alef in all its forms, and the letters that keyboards of several languages exchange.
        '\u{671}' | '\u{672}' | '\u{673}' | '\u{870}'..='\u{882}' => ('\u{627}', None),
        '\u{649}' | '\u{6CC}' | '\u{6D2}' => ('\u{64A}', None),
        '\u{6A9}' | '\u{6AA}' => ('\u{643}', None),
        '\u{629}' | '\u{6C1}' | '\u{6C3}' | '\u{6D5}' => ('\u{647}', None),
        '\u{66B}' => ('.', None),
        '\u{66C}' => (',', None),
        other => (fold_digit(other), None),
    };
    std::iter::once(first).chain(second)
}

/// The zeros of the decimal digits of other scripts, in ascending order. Each is followed by its
/// script's 1 to 9. Digits that are compatibility forms of `0` to `9` are not among them.
const ZEROS: [char; 65] = [
    '\u{660}',
    '\u{6F0}',
    '\u{7C0}',
    '\u{966}',
    '\u{9E6}',
    '\u{A66}',
    '\u{AE6}',
    '\u{B66}',
    '\u{BE6}',
    '\u{C66}',
    '\u{CE6}',
    '\u{D66}',
    '\u{DE6}',
    '\u{E50}',
    '\u{ED0}',
    '\u{F20}',
    '\u{1040}',
    '\u{1090}',
    '\u{17E0}',
    '\u{1810}',
    '\u{1946}',
    '\u{19D0}',
    '\u{1A80}',
    '\u{1A90}',
    '\u{1B50}',
    '\u{1BB0}',
    '\u{1C40}',
    '\u{1C50}',
    '\u{A620}',
    '\u{A8D0}',
    '\u{A900}',
    '\u{A9D0}',
    '\u{A9F0}',
    '\u{AA50}',
    '\u{ABF0}',
    '\u{104A0}',
    '\u{10D30}',
    '\u{10D40}',
    '\u{11066}',
    '\u{110F0}',
    '\u{11136}',
    '\u{111D0}',
    '\u{112F0}',
    '\u{11450}',
    '\u{114D0}',
    '\u{11650}',
    '\u{116C0}',
    '\u{116D0}',
    '\u{116DA}',
    '\u{11730}',
    '\u{118E0}',
    '\u{11950}',
    '\u{11C50}',
    '\u{11D50}',
    '\u{11DA0}',
    '\u{11F50}',
    '\u{16A60}',
    '\u{16AC0}',
    '\u{16B50}',
    '\u{16D70}',
    '\u{1E140}',
    '\u{1E2F0}',
    '\u{1E4F0}',
    '\u{1E5F1}',
    '\u{1E950}',
];

/// Converts a decimal digit of any script to `0` to `9`. Returns other characters as they are.
fn fold_digit(c: char) -> char {
    let after = ZEROS.partition_point(|zero| *zero <= c);
    let Some(zero) = after.checked_sub(1).and_then(|at| ZEROS.get(at)) else {
        return c;
    };
    char::from_digit(u32::from(c) - u32::from(*zero), 10).unwrap_or(c)
}

/// Sorts the marks of a Thai or Lao consonant: vowels, then tones, then the vowel at its right,
/// which `ำ` contains. People type them in either order and see the same.
pub(crate) fn sort_marks(cluster: &mut [char]) {
    if cluster
        .first()
        .is_some_and(|first| is_thai_consonant(*first))
    {
        for marks in cluster.chunk_by_mut(|a, b| mark_rank(*a).is_some() == mark_rank(*b).is_some())
        {
            marks.sort_by_key(|c| mark_rank(*c).map(|rank| (rank, *c)));
        }
    }
}

/// The place of a Thai or Lao mark among the marks of its letter; `None` for other characters.
fn mark_rank(c: char) -> Option<u8> {
    match c {
        '\u{E31}'
        | '\u{E34}'..='\u{E3A}'
        | '\u{E47}'
        | '\u{E4C}'..='\u{E4E}'
        | '\u{EB1}'
        | '\u{EB4}'..='\u{EBC}'
        | '\u{ECC}'
        | '\u{ECD}' => Some(0),
        '\u{E48}'..='\u{E4B}' | '\u{EC8}'..='\u{ECB}' => Some(1),
        '\u{E32}' | '\u{EB2}' => Some(2),
        _ => None,
    }
}

/// Whether the character `next` is a vowel with a mark above the consonant `first`, in Thai and
/// Lao.
pub(crate) fn is_vowel_with_mark(first: char, next: char) -> bool {
    matches!(next, '\u{E33}' | '\u{EB3}') && is_thai_consonant(first)
}

/// Whether a character is a Thai or Lao consonant.
fn is_thai_consonant(c: char) -> bool {
    matches!(c, '\u{E01}'..='\u{E2E}' | '\u{E81}'..='\u{EAE}' | '\u{EDC}'..='\u{EDF}')
}

#[cfg(test)]
mod tests {
    use super::{ZEROS, fold_digit};

    #[test]
    fn digits_of_all_scripts_are_folded_by_value() {
        assert!(ZEROS.is_sorted());
        for zero in ZEROS {
            for digit in 0..10_u32 {
                let c = char::from_u32(u32::from(zero) + digit).expect("a digit");
                assert_eq!(fold_digit(c), char::from_digit(digit, 10).expect("a digit"));
                assert!(c.is_numeric(), "{c:?}");
            }
        }
        let folded: String = "٤٢ ۴۲ ४२ ๔๒ ໔໒ ၄၂ 42 ½ 四"
            .chars()
            .map(fold_digit)
            .collect();
        assert_eq!(folded, "42 42 42 42 42 42 42 ½ 四");
    }
}
