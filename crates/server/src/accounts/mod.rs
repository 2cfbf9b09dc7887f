//! Users: registering, proving who one is, and what an operator does with an account.

pub mod api;
mod authenticate;
pub mod export;
mod hashed;
pub mod import;
pub mod manage;
mod public_fields;
mod register;
mod seen;

pub use authenticate::authenticate_user;
pub use public_fields::kept_beside;
pub use register::register;
