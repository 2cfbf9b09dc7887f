//! `sekisho config`: what is in force, where it came from, and whether it is good.

use super::exit::{Exit, Stop};
use super::output::Out;
use crate::config::{self, ConfigError, Flags};
use clap::Subcommand;
use sekisho_core::settings::{self, DEFAULT_TOML};
use serde_json::json;

/// The commands under `sekisho config`.
#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Show the effective value of every setting and where it came from; secrets are hidden
    #[command(
        after_help = "Example:\n  sekisho config show\n  sekisho config show --json | jq 'select(.origin != \"default\")'"
    )]
    Show,
    /// Check the configuration as `serve` would, and change nothing
    #[command(
        after_help = "Example:\n  sekisho config check --config /etc/sekisho.toml && systemctl reload sekisho"
    )]
    Check,
    /// Print the default configuration file: every setting, its default, its comment
    #[command(after_help = "Example:\n  sekisho config default > sekisho.toml")]
    Default,
}

impl From<ConfigError> for Stop {
    fn from(error: ConfigError) -> Stop {
        Stop { exit: Exit::Usage, reason: None, lines: error.lines }
    }
}

/// Runs one of them.
pub(super) fn run(command: ConfigCommand, flags: &Flags, out: &mut Out) -> Result<(), Stop> {
    match command {
        ConfigCommand::Default => out.either(&json!({ "toml": DEFAULT_TOML }), DEFAULT_TOML.trim_end()),
        ConfigCommand::Show => show(flags, out),
        ConfigCommand::Check => check(flags, out),
    }
}

fn show(flags: &Flags, out: &mut Out) -> Result<(), Stop> {
    let loaded = config::load(flags)?;
    let shown = settings::show(&loaded.settings, &loaded.origins);
    if out.is_json() {
        return shown.iter().try_for_each(|setting| {
            out.json(
                &json!({ "key": setting.key, "value": setting.value, "origin": setting.origin.to_string() }),
            )
        });
    }
    let rows: Vec<_> = shown
        .iter()
        .map(|setting| [setting.key.to_owned(), setting.value.to_string(), setting.origin.to_string()])
        .collect();
    out.rows(&rows)
}

fn check(flags: &Flags, out: &mut Out) -> Result<(), Stop> {
    let loaded = config::load(flags)?;
    let (profile, warnings) = (loaded.settings.profile.name(), &loaded.settings.warnings);
    if out.is_json() {
        return out.json(&json!({ "result": "good", "profile": profile, "warnings": warnings }));
    }
    warnings.iter().try_for_each(|warning| out.line(&format!("warning: {warning}")))?;
    out.line(&format!("the configuration is good; profile {profile}"))
}
