//! The answers of each URL, in the tree of the URLs.

mod docs;
mod health;
mod not_found;
mod openapi;
mod token;
mod users;
