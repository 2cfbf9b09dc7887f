//! What an adoption is to write besides the users, and what it is to say.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use sekisho_core::SecretBytes;

/// What the operator asks for.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// The profile, if not production.
    pub profile: Option<String>,
    /// Whether a new key is made for both.
    pub new_key: bool,
    /// Whether both will run side by side, which they can't without one key.
    pub in_place: bool,
    /// Whether the application's files were read.
    pub application: bool,
    /// Which of them were passed over, and why.
    pub passed_over: Vec<String>,
    /// Settings that hang on the kind of adoption: key, value as TOML, why.
    pub further: Vec<(&'static str, String, &'static str)>,
}

/// What is to be written, and what is to be said.
#[derive(Debug, Default)]
pub struct Plan {
    /// The settings to be written, in order: key, value as TOML, why.
    pub settings: Vec<Wanted>,
    /// Where they go.
    pub file: PathBuf,
    /// Whether they are in force already, so that nothing is to be written.
    pub in_force: bool,
    /// The file of the key that signs, and what it is to hold.
    pub key: Option<(PathBuf, Key)>,
    /// A line of the application that must change, as it must be.
    pub change: Option<Change>,
    /// What else there is to know.
    pub notes: Vec<String>,
}

/// One setting to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// `section.key`.
    pub key: &'static str,
    /// The value as TOML.
    pub value: String,
    /// Why, for the comment above it.
    pub why: String,
}

/// What the file of the key is to hold.
#[derive(Debug, PartialEq, Eq)]
pub enum Key {
    /// The application's own key.
    TakenOver(SecretBytes),
    /// A new one, made when it is written.
    New,
    /// What it holds already.
    There,
}

/// A line of the application that must change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where: `auth.py:8`.
    pub place: String,
    /// The line as it must be; it reads the key from its file and shows none of it.
    pub line: String,
}

impl Plan {
    /// Adds a setting to be written.
    pub(super) fn want(&mut self, key: &'static str, value: String, why: impl Into<String>) {
        self.settings.push(Wanted { key, value, why: why.into() });
    }
}

/// A path that means the same in every working directory.
pub(super) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// The text of a new `sekisho.toml`; `database` is where the users came from, without a password.
pub fn text(plan: &Plan, database: &str) -> String {
    let mut text = format!(
        "# Written by `sekisho adopt` from {}. `sekisho config default` lists every setting.\n",
        database.escape_debug()
    );
    let mut section = "";
    let of = |wanted: &Wanted| wanted.key.split_once('.').map_or("", |(section, _)| section);
    // A section stands once, where the first of its settings was decided.
    let place = |wanted: &Wanted| plan.settings.iter().position(|other| of(other) == of(wanted));
    let mut settings: Vec<&Wanted> = plan.settings.iter().collect();
    settings.sort_by_key(|wanted| place(wanted));
    for Wanted { key, value, why } in settings {
        let (of, name) = key.split_once('.').unwrap_or(("", key));
        // The one key that may stand above all sections.
        let of = if *key == "server.profile" { "" } else { of };
        text.push('\n');
        if of != section {
            let _ = writeln!(text, "[{of}]\n");
            section = of;
        }
        if !why.is_empty() {
            let _ = writeln!(text, "# {why}");
        }
        let _ = writeln!(text, "{name} = {value}");
    }
    text
}
