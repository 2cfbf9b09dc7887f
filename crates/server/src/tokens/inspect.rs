//! What a token says and whether this server would take it, for an operator.

use sekisho_core::{Ctx, Refusal, jose};
use serde::Serialize;
use serde_json::Value;

use super::current::get_current_user;
use crate::app::App;
use crate::failure::Failure;
use crate::telemetry::Steps;

/// The answer of `sekisho token inspect`; the signature is never part of it.
#[derive(Debug, Serialize)]
pub struct Inspection {
    /// Whether a request with this token would be let in now.
    pub accepted: bool,
    /// Why not, as `sekisho explain` knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The JOSE header, unverified, where it can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<Value>,
    /// The claims, unverified, where they can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<Value>,
    /// The id of the user whom the token stands for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
}

/// Reads a token as a request would and says what came of it; fails only where the database does.
pub async fn inspect(app: &App, ctx: &Ctx, token: &str) -> Result<Inspection, Failure> {
    let (header, payload) = jose::read_unverified(token).ok().unzip();
    let (user, reason) = match get_current_user(app, ctx, token, &mut Steps::none()).await {
        Ok(user) => (Some(user), None),
        Err(Failure::Refused(refusal)) => (None, Some(refusal)),
        Err(other) => return Err(other),
    };
    Ok(Inspection {
        accepted: reason.is_none(),
        reason: reason.map(Refusal::code),
        header,
        payload,
        user_id: user.map(|user| user.id.to_string()),
    })
}
