//! `sekisho user …`: what an operator does with accounts.

use super::exit::Stop;
use super::output::Out;
use super::{open, prompt, user_export, user_import};
use crate::accounts::{self, manage};
use crate::app::App;
use crate::telemetry::log::rfc3339;
use clap::{Args, Subcommand};
use sekisho_core::{Actor, RawRegistration, User};
use serde_json::{Value, json};
use std::sync::Arc;

/// How many users are read at once: `list` streams, and its memory does not grow with the table.
const PAGE: u32 = 500;

/// The commands under `sekisho user`.
#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Add a user; the password is asked for, or read from standard input
    #[command(
        after_help = "Example:\n  sekisho user add tim --email tim@gmail.com --full-name 'Tim Ruscica'\n  \
        pwgen 20 1 | sekisho user add tim --email tim@gmail.com --password-stdin"
    )]
    Add(Add),
    /// List all users in the order in which they were made
    #[command(after_help = "Example:\n  sekisho user list\n  sekisho user list --json | jq -r .username")]
    List,
    /// Bring in users from a JSON Lines or CSV file, with their password hashes; can be run again
    #[command(after_help = user_import::EXAMPLE)]
    Import(user_import::ImportArgs),
    /// Write all users to a file that `import` or a SQLModel application reads
    #[command(after_help = user_export::EXAMPLE)]
    Export(user_export::ExportArgs),
    /// Show one user
    #[command(after_help = "Example:\n  sekisho user show tim@gmail.com")]
    Show(Named),
    /// Set a user's password; every token issued before is refused from now on
    #[command(after_help = "Example:\n  sekisho user set-password tim")]
    SetPassword(SetPassword),
    /// Let a disabled user in again
    #[command(after_help = "Example:\n  sekisho user enable tim")]
    Enable(Named),
    /// Refuse a user's log-ins and tokens from the next request on
    #[command(after_help = "Example:\n  sekisho user disable tim")]
    Disable(Named),
    /// Delete a user with password and items; the name stays reserved while a token may still carry it
    #[command(after_help = "Example:\n  sekisho user delete tim --yes")]
    Delete(Delete),
}

/// `sekisho user add`.
#[derive(Debug, Args)]
pub(super) struct Add {
    /// The name to log in with
    username: String,
    /// The e-mail address, which logs in as well
    #[arg(long, value_name = "ADDRESS")]
    email: String,
    /// The name that people read
    #[arg(long, value_name = "NAME")]
    full_name: Option<String>,
    /// Read the password from the first line of standard input
    #[arg(long)]
    password_stdin: bool,
}

/// A command that names a user.
#[derive(Debug, Args)]
pub(super) struct Named {
    /// Username, e-mail address or id
    user: String,
}

/// `sekisho user set-password`.
#[derive(Debug, Args)]
pub(super) struct SetPassword {
    /// Username, e-mail address or id
    user: String,
    /// Read the password from the first line of standard input
    #[arg(long)]
    password_stdin: bool,
}

/// `sekisho user delete`.
#[derive(Debug, Args)]
pub(super) struct Delete {
    /// Username, e-mail address or id
    user: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// Runs one of them.
pub(super) fn run(command: UserCommand, open: open::Open, out: &mut Out) -> Result<(), Stop> {
    match &command {
        UserCommand::Import(args) => args.spare(open.own_files()?)?,
        UserCommand::Export(args) => open.own_files()?.refuse(&args.output)?,
        _ => {}
    }
    let command = match command {
        UserCommand::Import(args) if args.dry_run && !open.has_database()? => {
            return user_import::foresee_first(args, out);
        }
        command => command,
    };
    let may_be_first = match &command {
        UserCommand::Add(_) => true,
        UserCommand::Import(args) => !args.dry_run,
        _ => false,
    };
    let open = if may_be_first { open.or_make() } else { open };
    open.block_on(async |app| match command {
        UserCommand::Add(args) => add(&app, args, out).await,
        UserCommand::List => list(&app, out).await,
        UserCommand::Import(args) => user_import::run(&app, args, out).await,
        UserCommand::Export(args) => user_export::run(&app, args, out).await,
        UserCommand::Show(args) => show(&find(&app, &args.user).await?, out),
        UserCommand::SetPassword(args) => set_password(&app, args, out).await,
        UserCommand::Enable(args) => enable(&app, &args.user, out).await,
        UserCommand::Disable(args) => disable(&app, &args.user, out).await,
        UserCommand::Delete(args) => delete(&app, args, out).await,
    })
}

/// The user of this name, address or id; exit code 1 if there is none.
pub(super) async fn find(app: &App, name: &str) -> Result<User, Stop> {
    manage::find(app, name).await?.ok_or_else(|| Stop::refused(format!("no user {name}")))
}

async fn add(app: &Arc<App>, args: Add, out: &mut Out) -> Result<(), Stop> {
    let password = prompt::new_password(args.password_stdin)?;
    let raw =
        RawRegistration { username: args.username, email: args.email, full_name: args.full_name, password };
    let user = accounts::register(app, &app.ctx(Actor::Operator), raw).await?;
    out.either(&as_json(&user), &format!("added {} ({})", user.username, user.id))
}

async fn list(app: &App, out: &mut Out) -> Result<(), Stop> {
    let mut after = None;
    loop {
        let page = manage::list(app, after, PAGE).await?;
        if out.is_json() {
            page.iter().try_for_each(|user| out.json(&as_json(user)))?;
        } else {
            let head = [after.is_none() && !page.is_empty()].into_iter().filter(|head| *head);
            let head = head.map(|_| ["USERNAME", "E-MAIL", "NAME", "STATE", "ID"].map(str::to_owned));
            let rows: Vec<_> = head.chain(page.iter().map(row)).collect();
            out.rows(&rows)?;
        }
        out.flush()?;
        match page.last() {
            Some(last) if page.len() == PAGE as usize => after = Some(last.id),
            _ => return Ok(()),
        }
    }
}

fn show(user: &User, out: &mut Out) -> Result<(), Stop> {
    if out.is_json() {
        return out.json(&as_json(user));
    }
    out.pairs(&[
        ("id", user.id.to_string()),
        ("username", user.username.clone()),
        ("email", user.email.clone().unwrap_or_default()),
        ("full name", user.full_name.clone().unwrap_or_default()),
        ("external id", user.external_id.clone().unwrap_or_default()),
        ("state", state(user)),
        ("created", rfc3339(user.created_at)),
        ("changed", rfc3339(user.updated_at)),
    ])
}

async fn set_password(app: &App, args: SetPassword, out: &mut Out) -> Result<(), Stop> {
    let user = find(app, &args.user).await?;
    let password = prompt::new_password(args.password_stdin)?;
    let there = manage::set_password(app, &app.ctx(Actor::Operator), &user, password).await?;
    told(there, &user, out, "password set; earlier tokens no longer count")
}

async fn enable(app: &App, name: &str, out: &mut Out) -> Result<(), Stop> {
    let user = find(app, name).await?;
    let changed = manage::enable(app, &app.ctx(Actor::Operator), user.id).await?;
    let text = if changed { "enabled" } else { "was not disabled" };
    told(true, &user, out, text)
}

async fn disable(app: &App, name: &str, out: &mut Out) -> Result<(), Stop> {
    let user = find(app, name).await?;
    let changed = manage::disable(app, &app.ctx(Actor::Operator), user.id).await?;
    let text = if changed { "disabled" } else { "was disabled already" };
    told(true, &user, out, text)
}

async fn delete(app: &App, args: Delete, out: &mut Out) -> Result<(), Stop> {
    let user = find(app, &args.user).await?;
    prompt::confirmed(&format!("Delete {} for good?", user.username), args.yes)?;
    let deleted = manage::delete(app, &app.ctx(Actor::Operator), user.id).await?;
    told(deleted, &user, out, "deleted")
}

/// Says what came of it; a user who was deleted meanwhile is one who is not there.
fn told(there: bool, user: &User, out: &mut Out, text: &str) -> Result<(), Stop> {
    if !there {
        return Err(Stop::refused(format!("no user {}", user.username)));
    }
    let value = json!({ "id": user.id.to_string(), "username": user.username, "result": text });
    out.either(&value, &format!("{}: {text}", user.username))
}

fn row(user: &User) -> [String; 5] {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let state = if user.is_disabled() { "disabled" } else { "active" };
    [
        user.username.clone(),
        or_dash(&user.email),
        or_dash(&user.full_name),
        state.to_owned(),
        user.id.to_string(),
    ]
}

fn state(user: &User) -> String {
    match user.disabled_at {
        Some(at) => format!("disabled since {}", rfc3339(at)),
        None => "active".to_owned(),
    }
}

/// What `--json` shows of a user; it has no place for a hash.
fn as_json(user: &User) -> Value {
    json!({
        "id": user.id.to_string(),
        "username": user.username,
        "email": user.email,
        "full_name": user.full_name,
        "external_id": user.external_id,
        "disabled": user.is_disabled(),
        "disabled_at": user.disabled_at.map(rfc3339),
        "created_at": rfc3339(user.created_at),
        "updated_at": rfc3339(user.updated_at),
    })
}
