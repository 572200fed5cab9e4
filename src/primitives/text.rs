//! Lines that somebody else wrote and that a user is shown.

/// Tells whether a text can stand in a line that a user reads without misleading (`spec/README.md`, "Lines"):
/// it is empty or shows something, has no control characters and none that nobody sees, and joiners and
/// selectors only where scripts and emoji need them.
pub(crate) fn is_line(text: &str) -> bool {
    let mut before = None;
    let mut shows = text.is_empty();
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        let in_place = match char {
            JOINER | NON_JOINER => before.is_some_and(takes_joiner),
            '\u{fe0e}' | '\u{fe0f}' => {
                before.is_some_and(|before| takes_selector(before, chars.peek() == Some(&KEYCAP)))
            }
            _ => !char.is_control() && !is_invisible(char),
        };
        if !in_place {
            return false;
        }
        shows |= !char.is_whitespace();
        before = Some(char);
    }
    shows
}

const NON_JOINER: char = '\u{200c}';
const JOINER: char = '\u{200d}';

/// The frame of a keycap, which follows a digit and a selector.
const KEYCAP: char = '\u{20e3}';

/// Tells whether a character shows nothing of itself, or changes how others are shown: `Default_Ignorable_Code_Point`
/// of Unicode but for what [`is_line`] looks at in its place; separators and annotations; letters that are blank.
fn is_invisible(char: char) -> bool {
    matches!(
        char,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{13430}'..='\u{13455}'
            | '\u{16fe4}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d159}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Tells whether a joiner may follow: in scripts whose letters join, and between emoji.
fn takes_joiner(before: char) -> bool {
    matches!(
        before,
        '\u{600}'..='\u{109f}'
            | '\u{1780}'..='\u{18af}'
            | '\u{1900}'..='\u{1cff}'
            | '\u{2190}'..='\u{2bff}'
            | '\u{a800}'..='\u{a95f}'
            | '\u{a980}'..='\u{aaff}'
            | '\u{abc0}'..='\u{abff}'
            | '\u{fb50}'..='\u{fdff}'
            | '\u{fe0f}'
            | '\u{fe70}'..='\u{fefc}'
            | '\u{10a00}'..='\u{11fff}'
            | '\u{1e900}'..='\u{1e95f}'
            | '\u{1f000}'..='\u{1faff}'
    )
}

/// Tells whether a selector of text or emoji may follow: behind a symbol, and within a keycap.
fn takes_selector(before: char, in_keycap: bool) -> bool {
    match before {
        '0'..='9' | '#' | '*' => in_keycap,
        _ => matches!(
            before,
            '\u{a9}'
                | '\u{ae}'
                | '\u{203c}'
                | '\u{2049}'
                | '\u{2122}'
                | '\u{2139}'
                | '\u{2190}'..='\u{2bff}'
                | '\u{3030}'
                | '\u{303d}'
                | '\u{3297}'
                | '\u{3299}'
                | '\u{1f000}'..='\u{1faff}'
        ),
    }
}

#[cfg(test)]
#[path = "tests/text.rs"]
mod tests;
