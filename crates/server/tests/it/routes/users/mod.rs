//! `/users`.

mod create;
mod me;
mod me_items;
