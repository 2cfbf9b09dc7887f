//! Users: registering, proving who one is, and what an operator does with an account.

pub mod api;
mod authenticate;
pub mod export;
pub mod import;
pub mod manage;
mod register;
mod seen;

pub use authenticate::authenticate_user;
pub use register::register;
