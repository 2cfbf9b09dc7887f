//! The flags that stand for settings: the strongest layer of the configuration.

use crate::config::Flags;
use clap::Args;
use std::path::PathBuf;

/// Under what the options of every command stand in `--help`.
const GLOBAL: &str = "Options of every command";

/// The options of every command.
#[derive(Debug, Default, Args)]
pub(super) struct Global {
    /// The directory of the database and the root key [env: SEKISHO_DATA] [default: ./data]
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "DIR")]
    data: Option<String>,
    /// The configuration file [env: SEKISHO_CONFIG] [default: ./sekisho.toml, if there is one]
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print JSON, one value a line
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub(super) json: bool,
}

impl Global {
    /// What they say about the configuration.
    pub(super) fn flags(&self) -> Flags {
        let data = self.data.iter().map(|dir| ("storage.data_dir", "--data", dir.clone()));
        Flags { config: self.config.clone(), values: data.collect() }
    }
}

/// The options of `sekisho serve`.
#[derive(Debug, Default, Args)]
pub(super) struct ServeFlags {
    /// The address and port to listen on; port 0 picks a free one [env: SEKISHO_LISTEN] [default: 127.0.0.1:8000]
    #[arg(long, value_name = "ADDR", conflicts_with_all = ["host", "port"])]
    listen: Option<String>,
    /// The address alone, as uvicorn has it [env: SEKISHO_HOST]
    #[arg(long, value_name = "IP")]
    host: Option<String>,
    /// The port alone, as uvicorn has it [env: SEKISHO_PORT]
    #[arg(long, value_name = "PORT")]
    port: Option<String>,
    /// development or production; decided by the listener if not given [env: SEKISHO_PROFILE]
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,
    /// The path prefix that a proxy in front strips [env: SEKISHO_ROOT_PATH]
    #[arg(long, value_name = "PATH")]
    root_path: Option<String>,
    /// Make the user tim (password tim1234) and an item in an empty development database [env: SEKISHO_DEMO]
    #[arg(long)]
    demo: bool,
    /// Watch sekisho.toml, .env and the executable; take changes in place or restart [env: SEKISHO_RELOAD]
    #[arg(long)]
    reload: bool,
    /// Print the steps of each authentication, no secret among them [env: SEKISHO_TRACE_AUTH]
    #[arg(long)]
    trace_auth: bool,
    /// Print each SQL statement with its time and row count [env: SEKISHO_ECHO]
    #[arg(long)]
    echo: bool,
    /// The process that watches over this one (set by --reload).
    #[arg(long, hide = true, value_name = "PID")]
    pub(super) supervised: Option<u32>,
}

impl ServeFlags {
    /// These and the global ones, as settings.
    pub(super) fn with(&self, global: &Global) -> Flags {
        let mut flags = global.flags();
        let texts = [
            ("server.listen", "--listen", &self.listen),
            ("server.host", "--host", &self.host),
            ("server.port", "--port", &self.port),
            ("server.profile", "--profile", &self.profile),
            ("server.root_path", "--root-path", &self.root_path),
        ];
        flags
            .values
            .extend(texts.into_iter().filter_map(|(key, flag, value)| Some((key, flag, value.clone()?))));
        let switches = [
            ("server.demo", "--demo", self.demo),
            ("server.reload", "--reload", self.reload),
            ("log.trace_auth", "--trace-auth", self.trace_auth),
            ("log.echo", "--echo", self.echo),
        ];
        let on = switches.into_iter().filter(|(_, _, on)| *on);
        flags.values.extend(on.map(|(key, flag, _)| (key, flag, "on".to_owned())));
        flags
    }
}
