//! The first screen of `serve`: what a person needs to know, in plain lines.

use sekisho_core::settings::{Settings, Switch};
use std::net::SocketAddr;
use std::path::Path;

/// What the screen tells.
pub(super) struct Screen<'a> {
    /// The settings in force.
    pub(super) settings: &'a Settings,
    /// Where the server really listens.
    pub(super) address: SocketAddr,
    /// Where the figures are served, if they are.
    pub(super) figures: Option<SocketAddr>,
    /// The database file, if it is one.
    pub(super) database: Option<&'a Path>,
    /// The root key's file.
    pub(super) root_key: &'a Path,
    /// Whether there is a user who could log in.
    pub(super) has_users: bool,
    /// Whether the demonstration user was made just now.
    pub(super) demo: bool,
    /// Whether authentication is traced.
    pub(super) trace: bool,
}

impl Screen<'_> {
    /// The address as it stands in a browser.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The lines under `listening on …`.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.settings.server.docs {
            lines.push(format!("docs        {}{}/docs", self.url(), self.settings.server.root_path));
        }
        if let Some(figures) = self.figures {
            lines.push(format!("metrics     http://{figures}/metrics"));
        }
        let database = match self.database {
            Some(file) => shown(file),
            None => self.settings.storage.database_url.redacted(),
        };
        lines.push(format!("data        {database} (database), {} (root key)", shown(self.root_key)));
        lines.push(format!("profile     {}", self.profile()));
        if self.demo {
            lines.push("first user  tim, password tim1234, with one item (--demo)".to_owned());
        } else if !self.has_users {
            lines.push("first user  none yet: sekisho user add NAME --email ADDRESS".to_owned());
            if !self.settings.profile.is_production() {
                lines.push("            or start with --demo for the user tim, password tim1234".to_owned());
            }
        }
        lines
    }

    /// The profile, and what it relaxes.
    fn profile(&self) -> String {
        let settings = self.settings;
        if settings.profile.is_production() {
            let mut text = "production".to_owned();
            if settings.server.public_url.is_none() {
                text.push_str(": server.public_url is not set, so tokens carry no issuer");
            }
            return text;
        }
        let mut relaxed = vec!["this machine only".to_owned()];
        if settings.server.docs {
            relaxed.push("/docs is open".to_owned());
        }
        relaxed.push(format!("passwords from {} characters", settings.password.min_length));
        if self.trace {
            let why = if settings.log.trace_auth == Switch::Auto { " on this terminal" } else { "" };
            relaxed.push(format!("log-ins are traced{why}"));
        }
        format!("development: {}", relaxed.join(", "))
    }
}

/// The whole path, so that it means something in another directory too.
fn shown(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).components().as_path().display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_screen_of_a_new_server() {
        let settings = Settings::default();
        let screen = Screen {
            settings: &settings,
            address: "127.0.0.1:8000".parse().unwrap(),
            figures: Some("127.0.0.1:9464".parse().unwrap()),
            database: Some(Path::new("/srv/data/sekisho.db")),
            root_key: Path::new("/srv/data/sekisho.key"),
            has_users: false,
            demo: false,
            trace: true,
        };
        assert_eq!(
            screen.lines(),
            [
                "docs        http://127.0.0.1:8000/docs",
                "metrics     http://127.0.0.1:9464/metrics",
                "data        /srv/data/sekisho.db (database), /srv/data/sekisho.key (root key)",
                "profile     development: this machine only, /docs is open, passwords from 6 characters, \
                 log-ins are traced on this terminal",
                "first user  none yet: sekisho user add NAME --email ADDRESS",
                "            or start with --demo for the user tim, password tim1234",
            ]
        );
    }
}
