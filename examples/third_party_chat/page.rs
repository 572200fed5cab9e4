//! The printed page: the story on the left, what the server between the people sees on the right.

/// Columns of the people's side of the page.
const WIDTH: usize = 92;

pub(crate) fn scene(title: &str) {
    println!("{:─<WIDTH$}┼{:─<46}", format!("── {title} "), "");
}

pub(crate) fn note(what: &str) {
    println!("{:WIDTH$}│", format!("   {what}"));
}

pub(crate) fn says(who: &str, what: &str) {
    println!("{:WIDTH$}│", format!("{who:>6}: {what}"));
}

/// Prints a line of the server's view, beside the story.
pub(crate) fn sees(what: &str) {
    println!("{:WIDTH$}│ {what}", "");
}
