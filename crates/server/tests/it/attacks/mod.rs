//! The catalogue of attacks, line by line: a test is named after its line. What every line demands besides (no word of
//! the inside in an answer, no panic, no secret in log or database) is checked by the harness for every test.

mod accounts;
mod http;
mod http2;
mod http_bytes;
mod http_origin;
mod jwt;
mod jwt_encoding;
mod jwt_users;
mod leaks;
mod passwords;
mod passwords_load;
mod passwords_stored;
mod storage;
mod storage_files;
