//! Access tokens: making them, reading the caller from them, and explaining them to an operator.

mod access;
pub mod api;
mod current;
mod inspect;

pub use access::{IssuedToken, create_access_token};
pub use current::get_current_user;
pub use inspect::{Inspection, inspect};
