//! Rules about the source tree itself: who may import whom, and how long a file may be.
//!
//! The unit is the file. `mod` lines and a parent's re-export of its child don't count as imports; every other path
//! that starts with `crate`, `super`, `self` or the name of a child module does. Comments and strings are not code.

mod circles;
mod directions;
mod files;
mod graph;
mod lengths;
mod lexer;
mod names;
mod scan;

#[cfg(test)]
mod tests;

pub(crate) use files::read;
pub(crate) use lengths::lengths;

use files::Files;

/// Everything that breaks a rule about imports: circles, directions, names that belong elsewhere.
pub(crate) fn imports(files: &Files) -> Vec<String> {
    let mut found = Vec::new();
    let graph = graph::build(files, &mut found);
    found.extend(circles::circles(&graph));
    found.extend(directions::directions(&graph));
    found.extend(names::names(files));
    found
}

/// All findings as one error, or none.
pub(crate) fn report(found: &[String]) -> Result<(), String> {
    if found.is_empty() { Ok(()) } else { Err(found.join("\n")) }
}
