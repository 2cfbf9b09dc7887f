//! `sekisho item …`: the seeds' protected resource.

use super::exit::Stop;
use super::output::Out;
use super::{open, user};
use crate::items;
use clap::{Args, Subcommand};
use sekisho_core::Actor;
use serde_json::json;

/// The commands under `sekisho item`.
#[derive(Debug, Subcommand)]
pub(super) enum ItemCommand {
    /// Give a user a new item
    #[command(after_help = "Example:\n  sekisho item add --owner tim")]
    Add(Owner),
    /// List a user's items
    #[command(after_help = "Example:\n  sekisho item list --owner tim")]
    List(Owner),
    /// Remove an item
    #[command(after_help = "Example:\n  sekisho item remove 7")]
    Remove(Remove),
}

/// A command about one user's items.
#[derive(Debug, Args)]
pub(super) struct Owner {
    /// Username, e-mail address or id of the owner
    #[arg(long, value_name = "USER")]
    owner: String,
}

/// `sekisho item remove`.
#[derive(Debug, Args)]
pub(super) struct Remove {
    /// The item's number
    item_id: i64,
}

/// Runs one of them.
pub(super) fn run(command: ItemCommand, open: &open::Open, out: &mut Out) -> Result<(), Stop> {
    open.block_on(async |app| match command {
        ItemCommand::Add(args) => {
            let owner = user::find(&app, &args.owner).await?;
            let item = items::add(&app, &app.ctx(Actor::Operator), &owner).await?;
            let item = item.ok_or_else(|| Stop::refused(format!("no user {}", args.owner)))?;
            let value = json!({ "item_id": item.item_id, "owner": owner.username });
            out.either(&value, &format!("added item {} of {}", item.item_id, owner.username))
        }
        ItemCommand::List(args) => {
            let owner = user::find(&app, &args.owner).await?;
            for item in items::list(&app, &owner).await? {
                let value = json!({ "item_id": item.item_id, "owner": owner.username });
                out.either(&value, &item.item_id.to_string())?;
            }
            Ok(())
        }
        ItemCommand::Remove(args) => {
            if !items::remove(&app, &app.ctx(Actor::Operator), args.item_id).await? {
                return Err(Stop::refused(format!("no item {}", args.item_id)));
            }
            let value = json!({ "item_id": args.item_id, "result": "removed" });
            out.either(&value, &format!("removed item {}", args.item_id))
        }
    })
}
