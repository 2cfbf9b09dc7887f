//! Which statements may read a whole table: none that a request runs.

use sekisho_store::{Statement, statements};

/// The areas of commands that look at every row: `db check`, `db copy` and the counts of the operator.
const OF_COMMANDS: [&str; 2] = ["check", "copying"];

/// Those of other areas: a table of a handful of rows, or a command of the operator.
pub(crate) const SCANS: [(&str, &str); 3] = [("users", "COUNT"), ("credentials", "MIX"), ("jobs", "JOBS")];

/// Every statement that is not a command's alone.
pub(crate) fn of_requests() -> impl Iterator<Item = &'static Statement> {
    statements().filter(|statement| !OF_COMMANDS.contains(&statement.area()))
}
