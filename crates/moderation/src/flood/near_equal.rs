//! The form in which near-equal texts are the same.

use search::CharClass;

use crate::fold::FoldedText;

/// The folded text without digits, punctuation and symbols. A text of which nothing would be left,
/// such as a number, is compared as it is. `None` if nothing of it is visible.
pub fn near_equal_form(text: &str) -> Option<String> {
    let folded = FoldedText::new(text);
    let mut form = String::with_capacity(folded.as_str().len());
    for (char, class) in folded.chars() {
        match class {
            CharClass::Symbol => {}
            CharClass::Space if form.is_empty() || form.ends_with(' ') => {}
            CharClass::Space => form.push(' '),
            CharClass::Word | CharClass::Unspaced if char.is_numeric() => {}
            CharClass::Word | CharClass::Unspaced | CharClass::Emoji => form.push(char),
        }
    }
    if form.ends_with(' ') {
        form.pop();
    }
    if form.is_empty() {
        form.push_str(folded.as_str().trim());
    }
    (!form.is_empty()).then_some(form)
}

#[cfg(test)]
mod tests {
    use super::near_equal_form;

    fn are_near_equal(one: &str, other: &str) -> bool {
        near_equal_form(one) == near_equal_form(other)
    }

    #[test]
    fn case_digits_punctuation_and_symbols_make_no_difference() {
        for other in [
            "BUY NOW",
            "buy, now!!!",
            "buy now 17",
            "17 buy now.",
            "b\u{200B}uy  n\u{f6}w",
            "buy 4 now",
            "\u{ff22}\u{ff35}\u{ff39} now \u{2460}",
            "buy + now =",
        ] {
            assert!(are_near_equal("buy now", other), "{other}");
        }
        for other in ["buy", "buynow", "now buy", "buy now 👍", "buy it now", ""] {
            assert!(!are_near_equal("buy now", other), "{other}");
        }
        assert!(are_near_equal("买 1 送 1", "買3送2"));
    }

    #[test]
    fn a_text_without_letters_is_compared_as_it_is() {
        assert!(are_near_equal("1234", " 1234 "));
        assert!(!are_near_equal("1234", "1235"));
        assert!(!are_near_equal("!", "?"));
        assert_eq!(near_equal_form(" \u{200B}\n"), None);
    }
}
