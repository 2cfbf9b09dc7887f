//! The command line: one file a command, each a thin caller of the verbs that the routes call too.

mod adopt;
mod adopt_in_place;
mod adopt_print;
mod adopt_release;
mod adopt_rows;
mod adopt_source;
mod bar;
mod completions;
mod config;
mod db;
mod db_copy;
mod db_freeze;
mod db_progress;
mod db_tools;
mod doctor;
mod draft;
mod exit;
mod explain;
mod flags;
mod health;
mod import_tally;
mod instance;
mod item;
mod job;
mod notify;
mod open;
mod output;
mod outputs;
mod own_files;
mod prompt;
mod records;
mod screen;
mod serve;
mod token;
mod user;
mod user_export;
mod user_import;

pub use exit::{Exit, Stop};

use crate::app::App;
use crate::failure::Failure;
use axum::Router;
use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser, Subcommand};
use flags::{Global, ServeFlags};
use output::Out;
use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

const ABOUT: &str = "Sekisho, an authentication server: it checks passwords and tokens for applications";
const AFTER: &str = "\
Without a command, `sekisho` serves.

Settings come from sekisho.toml, .env, the environment and flags, the later wins.
`sekisho config default` lists them all.

Exit codes:
  0  done
  1  refused: no such user, a name that is taken, a token that does not count
  2  a wrong command line or configuration, a port in use, a directory that cannot be written
  3  the database does not answer, or another instance holds it";

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "sekisho", version, about = ABOUT, after_help = AFTER, term_width = 100)]
#[command(subcommand_required = false, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve (this is what `sekisho` alone does)
    #[command(after_help = serve::EXAMPLE)]
    Serve(ServeFlags),
    /// Add, list, change and delete users
    #[command(subcommand, arg_required_else_help = true)]
    User(user::UserCommand),
    /// Add, list and remove items
    #[command(subcommand, arg_required_else_help = true)]
    Item(item::ItemCommand),
    /// Take over the users of an application, with their passwords, items and SECRET_KEY
    #[command(after_help = adopt::EXAMPLE, arg_required_else_help = true)]
    Adopt(adopt::Adopt),
    /// Check, back up, restore, freeze and move the database
    #[command(subcommand, arg_required_else_help = true)]
    Db(db::DbCommand),
    /// List what the servers do by themselves, once among all nodes, or do it now
    #[command(subcommand, arg_required_else_help = true)]
    Job(job::JobCommand),
    /// Issue a token, or find out why one is refused
    #[command(subcommand, arg_required_else_help = true)]
    Token(token::TokenCommand),
    /// Look at what breaks in practice, and say how to mend it; changes nothing
    #[command(after_help = doctor::EXAMPLE)]
    Doctor,
    /// Say what a reason code of the log means and how to mend it
    #[command(after_help = "Example:\n  sekisho explain token_expired\n  sekisho explain")]
    Explain(explain::Explain),
    /// Show, check or print the configuration
    #[command(subcommand, arg_required_else_help = true)]
    Config(config::ConfigCommand),
    /// Ask the running server whether it is ready
    #[command(after_help = health::EXAMPLE)]
    Health,
    /// Print a script that completes commands in your shell
    #[command(after_help = "Example:\n  sekisho completions bash > /etc/bash_completion.d/sekisho")]
    Completions(completions::Completions),
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    main_with(async |_| Ok(Router::new()))
}

/// Runs the command line of this process with an application's own routes beside the server's.
///
/// `own_routes` is called once, when `serve` has opened the database and before it answers: the place to bring tables of
/// one's own up to date ([`sekisho_store::Store::migrate_own`]). What it fails with stops the start.
pub fn main_with<R>(own_routes: R) -> ExitCode
where
    R: AsyncFnOnce(Arc<App>) -> Result<Router, Failure>,
{
    match parse(std::env::args_os().collect()) {
        Ok(cli) => run(cli, own_routes),
        Err(error) => {
            // Help and version are asked for and go to standard output; the rest is a wrong command line.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Done };
            let _ = error.print();
            exit.into()
        }
    }
}

/// The definition of the command line, for its documentation.
pub fn command() -> clap::Command {
    Cli::command()
}

/// `sekisho --demo` means `sekisho serve --demo`: what no command takes is tried as `serve`'s.
fn parse(args: Vec<OsString>) -> Result<Cli, clap::Error> {
    let first_is_flag = args.get(1).is_some_and(|arg| arg.as_encoded_bytes().starts_with(b"-"));
    match Cli::try_parse_from(&args) {
        Err(error) if error.kind() == ErrorKind::UnknownArgument && first_is_flag => {
            let mut args = args;
            args.insert(1, "serve".into());
            Cli::try_parse_from(args)
        }
        result => result,
    }
}

fn run<R>(cli: Cli, own_routes: R) -> ExitCode
where
    R: AsyncFnOnce(Arc<App>) -> Result<Router, Failure>,
{
    let json = cli.global.json;
    let mut out = Out::new(json);
    let command = cli.command.unwrap_or(Command::Serve(ServeFlags::default()));
    let result = dispatch(command, &cli.global, &mut out, own_routes).and_then(|()| out.flush());
    match result {
        Ok(()) => Exit::Done.into(),
        Err(stop) => {
            // What was found before it stopped still counts; a reader that went away does not want it.
            let _ = out.flush();
            output::complain(&stop, json);
            stop.exit.into()
        }
    }
}

fn dispatch<R>(command: Command, global: &Global, out: &mut Out, own_routes: R) -> Result<(), Stop>
where
    R: AsyncFnOnce(Arc<App>) -> Result<Router, Failure>,
{
    let open = || open::Open::new(global.flags());
    match command {
        Command::Serve(flags) => serve::run(&flags.with(global), flags.supervised, own_routes),
        Command::User(command) => user::run(command, open(), out),
        Command::Item(command) => item::run(command, &open(), out),
        Command::Adopt(args) => adopt::run(args, global.flags(), out),
        Command::Db(command) => db::run(command, &global.flags(), out),
        Command::Job(command) => job::run(command, &open(), out),
        Command::Token(command) => token::run(command, &open(), out),
        Command::Doctor => doctor::run(&global.flags(), out),
        Command::Explain(args) => explain::run(&args, out),
        Command::Config(command) => config::run(command, &global.flags(), out),
        Command::Health => health::run(&global.flags(), out),
        Command::Completions(args) => completions::run(&args, &mut Cli::command(), out),
    }
}
