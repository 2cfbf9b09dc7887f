//! Which characters a name or an address may hold, and the folding that all keys are made of.

use caseless::default_case_fold_str;
use unicode_normalization::{UnicodeNormalization, is_nfkc};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// The canonical form by which two spellings are one name: NFKC, full case folding and NFKC again, to a fixed
/// point (Unicode 3.13, compatibility caseless matching). Total and idempotent.
///
/// It unites cases (`Tim`, `TIM`), widths (`ｔｉｍ`), ligatures and composed forms. It does not unite letters
/// that merely look alike (Cyrillic `а` and Latin `a`, dotless `ı` and `i`): those are different names.
pub(super) fn fold(text: &str) -> String {
    if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return text.to_owned();
    }
    let mut folded = fold_once(text);
    loop {
        let again = fold_once(&folded);
        if again == folded {
            return folded;
        }
        folded = again;
    }
}

fn fold_once(text: &str) -> String {
    let composed: String = text.nfkc().collect();
    let folded = default_case_fold_str(&composed);
    if is_nfkc(&folded) { folded } else { folded.nfkc().collect() }
}

/// Whether a character can't be seen or changes how others are seen: controls, format characters (zero-width,
/// bidirectional), private and unassigned code points, fillers, selectors. A name with one of them could be
/// taken for another name, or break a line of a log.
pub(super) fn is_unprintable(c: char) -> bool {
    use GeneralCategory as Category;
    matches!(
        c.general_category(),
        Category::Control
            | Category::Format
            | Category::Surrogate
            | Category::PrivateUse
            | Category::Unassigned
            | Category::LineSeparator
            | Category::ParagraphSeparator
    ) || matches!(
        c,
        // Default_Ignorable_Code_Point outside the categories above (Unicode, DerivedCoreProperties.txt).
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{3164}' | '\u{ffa0}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{2065}' | '\u{e0100}'..='\u{e01ef}'
            // Drawn as nothing, though a letter or symbol: the empty braille cell.
            | '\u{2800}'
    )
}

/// Whether a character joins to the one before it.
pub(super) fn is_mark(c: char) -> bool {
    use GeneralCategory as Category;
    matches!(c.general_category(), Category::NonspacingMark | Category::SpacingMark | Category::EnclosingMark)
}

/// Why a text can't be somebody's full name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum FullNameError {
    /// More than 256 code points.
    #[error("a full name has at most {FULL_NAME_MAX} characters")]
    TooLong,
    /// A control character, a line break or a bidirectional override.
    #[error("a full name holds no control characters")]
    Unprintable,
}

/// The longest full name, in code points.
pub(super) const FULL_NAME_MAX: usize = 256;

/// Refuses a full name that could break a line or turn the text around it; everything else is the person's own
/// business, joiners and emoji included.
///
/// # Errors
/// [`FullNameError`] says which rule it breaks.
pub(super) fn check_full_name(name: &str) -> Result<(), FullNameError> {
    let turns =
        |c: char| matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if name.chars().any(|c| c.is_control() || turns(c)) {
        return Err(FullNameError::Unprintable);
    }
    if name.chars().count() > FULL_NAME_MAX {
        return Err(FullNameError::TooLong);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_reaches_its_fixed_point_for_every_character() {
        for c in '\0'..=char::MAX {
            let folded = fold(&c.to_string());
            assert_eq!(fold_once(&folded), folded, "U+{:04X}", u32::from(c));
        }
    }

    #[test]
    fn full_names_are_free_within_reason() {
        for good in ["Tim Ruscica", "山田　太郎", "Ólafur Ragnar", "می‌خواهم", "👩‍🚀", ""]
        {
            assert_eq!(check_full_name(good), Ok(()), "{good}");
        }
        for bad in ["a\0b", "a\r\nb", "\u{1b}[31m", "\u{202e}gnp.exe", "a\u{2028}b"] {
            assert_eq!(check_full_name(bad), Err(FullNameError::Unprintable), "{bad:?}");
        }
        assert_eq!(check_full_name(&"名".repeat(257)), Err(FullNameError::TooLong));
    }
}
