//! `sekisho completions`: scripts that complete commands in a shell.

use super::exit::Stop;
use super::output::Out;
use clap::Args;
use clap_complete::Shell;
use serde_json::json;

/// `sekisho completions SHELL`.
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// Which shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the script.
pub(super) fn run(args: &Completions, command: &mut clap::Command, out: &mut Out) -> Result<(), Stop> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "sekisho", &mut script);
    let script = String::from_utf8_lossy(&script);
    out.either(&json!({ "script": script }), script.trim_end())
}
