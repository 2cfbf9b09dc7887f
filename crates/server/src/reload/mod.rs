//! Taking changes while running: in place where a setting allows it, by a restart where it does not.

pub mod in_place;
pub mod supervisor;
mod watch;
