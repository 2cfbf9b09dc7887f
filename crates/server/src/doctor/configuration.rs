//! The settings: good, said once, and fitting to each other and to what stands in front.

use super::finding::{Finding, fail, ok, warn};
use crate::config::{ConfigError, Loaded};
use sekisho_core::settings::{Origin, RegistrationMode, Settings};

/// The configuration can't be taken: nothing else can be looked at.
pub(super) fn broken(error: &ConfigError) -> Vec<Finding> {
    let mend =
        "change that place; `sekisho config default` lists every setting, and the other checks follow then";
    error.lines.iter().map(|line| fail("configuration", line, mend)).collect()
}

/// `beside`: an application uses the same file.
pub(super) fn examine(loaded: &Loaded, beside: bool) -> Vec<Finding> {
    let settings = &loaded.settings;
    let mut found = vec![taken(loaded)];
    // Weak keys are a check of their own.
    let others = settings.warnings.iter().filter(|line| !line.contains("tokens.secret_key"));
    found.extend(others.map(|line| {
        warn("configuration", line, "change that place; `sekisho config show` says what is in force")
    }));
    for hidden in &loaded.shadowed {
        let what =
            format!("{} in {} does not count: {} says otherwise", hidden.key, hidden.hidden, hidden.by);
        // A flag is meant for once.
        let mend = match &hidden.by {
            Origin::Flag { flag } => format!("leave {flag} out, if it was not meant"),
            by => format!("take one of the two out: {} or {by}", hidden.hidden),
        };
        found.push(warn("shadowing", what, mend));
    }
    found.push(profile(settings, beside));
    found
}

fn taken(loaded: &Loaded) -> Finding {
    let files: Vec<_> =
        loaded.files.iter().filter(|file| file.exists()).map(|file| file.display().to_string()).collect();
    let from = match files.as_slice() {
        [] => "no file; defaults, environment and flags".to_owned(),
        files => files.join(", "),
    };
    ok("configuration", format!("taken from {from}"))
}

/// A proxy in front shows in the settings that only a proxy needs; without one the listener tells.
fn profile(settings: &Settings, beside: bool) -> Finding {
    let production = settings.profile.is_production();
    let proxied = [
        ("http.trusted_proxies", !settings.http.trusted_proxies.is_empty()),
        ("server.root_path", !settings.server.root_path.is_empty()),
        ("server.public_url", settings.server.public_url.is_some()),
    ];
    let said: Vec<_> = proxied.iter().filter(|(_, set)| *set).map(|(key, _)| *key).collect();
    if !production && !said.is_empty() {
        return fail(
            "profile",
            format!(
                "development, and {} is set, as for a server behind a proxy: in development every request that came \
                 through a proxy is answered 403",
                said.join(" and ")
            ),
            "set profile = \"production\" in sekisho.toml, or SEKISHO_PROFILE=production",
        );
    }
    if !production {
        return ok("profile", "development: this machine only, nothing in front");
    }
    if settings.http.trusted_proxies.is_empty() {
        let behind = settings.server.listen.ip().is_loopback();
        let what = if behind {
            "production on a loopback address, and no proxy is named: to the server all clients have one address, and \
             share its allowance of failed log-ins"
        } else {
            "production without a proxy: passwords and tokens cross the network in the clear"
        };
        let mend = "put a proxy with TLS in front and name it in http.trusted_proxies, as [\"127.0.0.1\"]";
        return warn("profile", what, mend);
    }
    // An application that decodes the tokens itself may not expect an issuer in them.
    if settings.server.public_url.is_none() && !beside {
        return warn(
            "profile",
            "production, and server.public_url is not set: tokens name no issuer",
            "set server.public_url to the https address that clients use",
        );
    }
    let open = match settings.registration.mode {
        RegistrationMode::Open => "anybody may register",
        RegistrationMode::Closed => "registration is closed",
    };
    ok("profile", format!("production behind a proxy; {open}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::State;
    use sekisho_core::settings::{SecretFiles, layer_from_toml, resolve};

    fn profile_of(toml: &str) -> (State, String) {
        let layer = layer_from_toml(toml, "sekisho.toml").unwrap();
        let found = profile(&resolve(&[layer], &SecretFiles::default()).unwrap().0, false);
        assert_eq!(found.mend.is_none(), found.state == State::Ok);
        (found.state, found.message)
    }

    #[test]
    fn a_proxy_shows_in_the_settings_that_only_a_proxy_needs() {
        for (toml, state, says) in [
            ("", State::Ok, "development: this machine only"),
            ("http.trusted_proxies = [\"127.0.0.1\"]", State::Fail, "http.trusted_proxies is set"),
            ("server.root_path = \"/auth\"", State::Fail, "server.root_path is set"),
            ("server.public_url = \"http://localhost:8000\"", State::Fail, "server.public_url is set"),
            ("profile = \"production\"", State::Warn, "no proxy is named"),
            ("server.listen = \"0.0.0.0:8000\"", State::Warn, "in the clear"),
            ("profile = \"production\"\nhttp.trusted_proxies = [\"::1\"]", State::Warn, "no issuer"),
            (
                "server.public_url = \"https://a.example\"\nhttp.trusted_proxies = [\"::1\"]",
                State::Ok,
                "anybody may register",
            ),
        ] {
            let (found, message) = profile_of(toml);
            assert_eq!(found, state, "{toml}: {message}");
            assert!(message.contains(says), "{toml}: {message}");
        }
    }
}
