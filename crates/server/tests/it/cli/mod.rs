//! The command line, beside a running server and without one.

mod adopt;
mod config;
mod db;
mod db_keys;
mod db_replace;
mod db_restore;
mod db_sound;
mod doctor;
mod export;
mod health;
mod help;
mod import;
mod import_load;
mod instance;
mod item;
mod notify;
mod own_files;
mod prompt;
mod reload;
mod secrets;
mod signals;
mod start;
mod token;
mod trace;
mod unread;
mod user;
