//! `sekisho token …`: making a token by hand, and finding out why one is refused.

use super::exit::Stop;
use super::output::Out;
use super::{open, prompt, user};
use crate::telemetry::log::rfc3339;
use crate::tokens::{self, Inspection};
use clap::{Args, Subcommand};
use sekisho_core::{Actor, Refusal, Timestamp};
use serde_json::{Value, json};

/// The commands under `sekisho token`.
#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// Issue an access token for a user, as a log-in would
    #[command(after_help = "Example:\n  curl -H \"Authorization: Bearer $(sekisho token issue tim)\" \
        http://127.0.0.1:8000/users/me")]
    Issue(Issue),
    /// Read a token from standard input and say whether this server would take it, and if not, why
    ///
    /// Exit code 0: it would; 1: it would not. The signature is never printed.
    #[command(
        after_help = "Example:\n  sekisho token inspect < token.txt\n  wl-paste | sekisho token inspect --json"
    )]
    Inspect,
}

/// `sekisho token issue`.
#[derive(Debug, Args)]
pub(super) struct Issue {
    /// Username, e-mail address or id
    user: String,
}

/// Runs one of them.
pub(super) fn run(command: TokenCommand, open: &open::Open, out: &mut Out) -> Result<(), Stop> {
    match command {
        TokenCommand::Issue(args) => open.block_on(async |app| {
            let user = user::find(&app, &args.user).await?;
            if user.is_disabled() {
                return Err(Stop::refused(format!(
                    "{} is disabled: no token of theirs would count",
                    user.username
                )));
            }
            let ctx = app.ctx(Actor::Operator);
            let mut trace = app.trace.begin(&ctx, "sekisho token issue");
            let issued = tokens::create_access_token(&app, &ctx, &user, &mut trace);
            let value = json!({
                "access_token": issued.access_token,
                "token_type": "bearer",
                "expires_at": rfc3339(issued.expires_at),
            });
            out.either(&value, &issued.access_token)
        }),
        TokenCommand::Inspect => {
            let token = prompt::stdin_line("a token")?;
            let token = token.expose().trim();
            let token = token.strip_prefix("Bearer ").unwrap_or(token).trim();
            open.block_on(async |app| {
                let ctx = app.ctx(Actor::Operator);
                let found = tokens::inspect(&app, &ctx, token).await?;
                show(&found, ctx.now, out)?;
                if found.accepted { Ok(()) } else { Err(Stop { lines: Vec::new(), ..Stop::refused("") }) }
            })
        }
    }
}

fn show(found: &Inspection, now: Timestamp, out: &mut Out) -> Result<(), Stop> {
    let refusal = found.reason.and_then(Refusal::from_code);
    if out.is_json() {
        let mut value = serde_json::to_value(found).unwrap_or_default();
        if let (Some(refusal), Value::Object(members)) = (refusal, &mut value) {
            members.insert("explanation".to_owned(), refusal.explain().into());
        }
        return out.json(&value);
    }
    let text = |value: &Option<Value>| value.as_ref().map(Value::to_string).unwrap_or_default();
    let time = |name: &str| {
        let seconds = found.payload.as_ref().and_then(|payload| payload.get(name)).and_then(Value::as_i64);
        seconds.map(|s| told(Timestamp::from_seconds(s), now)).unwrap_or_default()
    };
    out.pairs(&[
        ("accepted", refusal.map_or_else(|| "yes".to_owned(), |refusal| format!("no: {}", refusal.code()))),
        ("because", refusal.map(|refusal| refusal.explain().to_owned()).unwrap_or_default()),
        ("header", text(&found.header)),
        ("payload", text(&found.payload)),
        ("issued", time("iat")),
        ("expires", time("exp")),
        ("user id", found.user_id.clone().unwrap_or_default()),
    ])
}

/// `2026-11-22T10:00:00.000Z (25 min ago)`.
fn told(at: Timestamp, now: Timestamp) -> String {
    let (gap, side) = if at > now { (at.since(now), "from now") } else { (now.since(at), "ago") };
    let seconds = gap.as_secs();
    let gap = match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", (seconds + 30) / 60),
        7200..172_800 => format!("{} h", (seconds + 1800) / 3600),
        _ => format!("{} days", seconds / 86_400),
    };
    format!("{} ({gap} {side})", rfc3339(at))
}
