//! Making an access token: the seeds' `create_access_token`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sekisho_core::jose::{self, Claims};
use sekisho_core::{Ctx, Timestamp, User, dice};

use crate::app::App;
use crate::telemetry::Steps;

/// A signed access token and the instant until which it counts.
pub struct IssuedToken {
    /// The JWT in its compact form (RFC 7519).
    pub access_token: String,
    /// Its `exp`.
    pub expires_at: Timestamp,
}

/// Signs a token that says who the user is, under which row version, and for how long.
///
/// It carries no `aud`, so that the `jwt.decode` of the applications that read it accepts it.
pub fn create_access_token(app: &App, ctx: &Ctx, user: &User, trace: &mut Steps) -> IssuedToken {
    let current = app.current();
    let expires_at = ctx.now.plus(current.token_lifetime());
    let claims = Claims {
        sub: user.username.clone(),
        exp: expires_at,
        iat: Some(ctx.now),
        jti: Some(URL_SAFE_NO_PAD.encode(dice::array::<16>(&*app.dice))),
        uid: Some(user.id),
        ver: Some(user.token_version),
        iss: current.settings.server.public_url.clone(),
    };
    let access_token = jose::sign(&current.keys, &claims);
    trace.create_access_token(&user.username, expires_at, &access_token);
    IssuedToken { access_token, expires_at }
}
