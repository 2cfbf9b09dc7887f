//! Files are short: the median about 100 lines, none over 400 without a reason in its first comment.

use super::files::Files;

/// The longest a file may be without saying why.
const MOST: usize = 400;

/// The median length, and every file over the limit that does not say `Over 400 lines because …` in its first comment.
pub(crate) fn lengths(files: &Files) -> (usize, Vec<String>) {
    let mut counts: Vec<usize> = files.values().map(|text| text.lines().count()).collect();
    counts.sort_unstable();
    let median = counts.get(counts.len() / 2).copied().unwrap_or(0);
    let found = files
        .iter()
        .filter(|(_, text)| text.lines().count() > MOST && !excused(text))
        .map(|(path, text)| format!("{path}: {} lines; split it along its ideas", text.lines().count()))
        .collect();
    (median, found)
}

fn excused(text: &str) -> bool {
    let comment = text.lines().take_while(|line| line.starts_with("//"));
    comment.collect::<Vec<_>>().join(" ").contains("Over 400 lines because")
}
