//! The hash of a password that is being set.

use sekisho_core::credentials::{HashParams, HashString, NewPassword, SchemeCost, get_password_hash};
use sekisho_core::{Ctx, dice};

use crate::app::App;
use crate::failure::Failure;

/// Hashes an accepted password with a fresh salt, on the hashing lane in the turn of `account`; with the hash, its kind.
pub(super) async fn hashed(
    app: &App,
    ctx: &Ctx,
    account: &str,
    password: NewPassword,
    params: HashParams,
) -> Result<(HashString, SchemeCost), Failure> {
    let permit = app.lane.admit(ctx, account)?;
    let salt = dice::array(&*app.dice);
    let hash = permit.run(move |memory| get_password_hash(&params, &password, salt, memory)).await??;
    Ok((hash, params.cost()))
}
