//! Users: registering, proving who one is, and what an operator does with an account.

pub mod api;
mod authenticate;
pub mod manage;
mod register;

pub use authenticate::authenticate_user;
pub use register::register;
