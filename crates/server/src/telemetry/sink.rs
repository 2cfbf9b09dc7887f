//! Where telemetry goes, and in which dress.

use std::io::IsTerminal as _;
use std::sync::Arc;

/// Takes one finished text, line feed included, which is written whole; returns at once (see [`Writer`](super::Writer)).
pub type Sink = Arc<dyn Fn(&str) + Send + Sync>;

/// How a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// For a person, without colour.
    Plain,
    /// For a person at a terminal.
    Colour,
    /// One JSON object a line.
    Json,
}

impl Style {
    /// The style for standard error: JSON if asked for, else colour if it is a terminal and `NO_COLOR` is not set.
    pub fn of_stderr(json: bool) -> Style {
        if json {
            Style::Json
        } else if std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
        {
            Style::Colour
        } else {
            Style::Plain
        }
    }

    /// The text between an escape sequence and its reset, or the text alone.
    pub fn paint(self, colour: &str, text: &str) -> String {
        match self {
            Style::Colour => format!("\u{1b}[{colour}m{text}\u{1b}[0m"),
            Style::Plain | Style::Json => text.to_owned(),
        }
    }
}
