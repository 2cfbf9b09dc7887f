//! The command line, beside a running server and without one.

mod config;
mod db;
mod db_restore;
mod export;
mod help;
mod import;
mod instance;
mod item;
mod prompt;
mod reload;
mod secrets;
mod signals;
mod start;
mod token;
mod trace;
mod unread;
mod user;
