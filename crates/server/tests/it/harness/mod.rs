//! The one harness of all tests over HTTP: `start()` runs the real binary on a fresh folder, speaks to it
//! as a stranger would, and checks when it is dropped what must hold after every test (see `oracle`).

mod command;
mod database;
mod http;
pub(crate) mod http2;
mod once;
mod oracle;
mod process;
mod scratch;
mod setup;
mod site;
mod token;

pub(crate) use command::Ran;
pub(crate) use database::Database;
pub(crate) use database::postgres::url_of as server_of;
pub(crate) use http::{Connection, Request, Response};
pub(crate) use http2::Http2;
pub(crate) use process::{Process, python, until};
pub(crate) use scratch::Scratch;
pub(crate) use setup::{Db, Setup, start_copy};
pub(crate) use site::{Site, start};
pub(crate) use token::{Mint, SECRET_KEY, base64url, now, tampered};
