//! Configuration: defaults < `sekisho.toml` < `.env` < environment < flags, each value with its origin.
//!
//! [`SETTINGS`] is the one list of keys. The server reads the files, makes a [`Layer`] of each source and calls
//! [`resolve`]; what comes out is [`Settings`], plain checked data, and [`Origins`].

mod build;
mod database_url;
mod dotenv;
mod in_place;
mod instant;
mod layer;
mod limits;
mod merge;
mod model;
mod net;
mod passfile;
mod postgres_options;
mod postgres_parse;
#[cfg(test)]
mod postgres_tests;
mod postgres_url;
mod registry;
mod resolve;
mod rules;
mod secret_files;
mod shadowed;
mod show;
mod storage;
#[cfg(test)]
mod storage_tests;
mod suggest;
#[cfg(test)]
mod tests;
mod toml_file;
mod value;

pub use database_url::{DatabaseUrl, DatabaseUrlError};
pub(crate) use dotenv::dotenv_values;
pub use dotenv::layer_from_dotenv;
pub use in_place::keep_what_is_fixed;
pub use layer::{Layer, Origin, SettingsError, layer_from_env, layer_from_flags};
pub use limits::{Allowance, Audit, Cors, Hashing, Http, Jobs, Pool, Throttle};
pub use merge::{DEFAULT_TOML, Origins};
pub use model::{
    Accounts, Log, LogFormat, LogLevel, Password, Profile, Registration, RegistrationMode, Server, Settings,
    Storage, Switch, Tokens,
};
pub use net::IpNet;
pub use passfile::password_in;
pub use postgres_url::{
    ChannelBinding, PostgresHost, PostgresSsl, PostgresUrl, PostgresUrlError, SessionAttrs, SslMode,
};
pub use registry::{Kind, SETTINGS, Setting, find};
pub use resolve::resolve;
pub use secret_files::{SecretFile, SecretFiles, secret_files};
pub use shadowed::{Shadowed, shadowed};
pub use show::{Change, Shown, changes, show};
pub use toml_file::layer_from_toml;
pub use value::toml_text;

impl Default for Settings {
    /// The defaults of `config.default.toml`: the development profile on a loopback address.
    fn default() -> Settings {
        match resolve(&[], &SecretFiles::default()) {
            Ok((settings, _)) => settings,
            Err(errors) => unreachable!("the embedded defaults are tested: {errors:?}"),
        }
    }
}
