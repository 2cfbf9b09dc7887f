//! What commands print: aligned columns for a person, JSON for a machine; a reader that goes away is no fault.

use super::exit::{Exit, Stop};
use crate::telemetry::escape::one_line;
use serde::Serialize;
use std::io::{BufWriter, ErrorKind, Stdout, Write as _};

/// Standard output in the dress that was asked for.
pub(super) struct Out {
    json: bool,
    to: BufWriter<Stdout>,
    widths: Vec<usize>,
}

impl Out {
    /// Prints JSON if `json`, else text.
    pub(super) fn new(json: bool) -> Out {
        Out { json, to: BufWriter::new(std::io::stdout()), widths: Vec::new() }
    }

    /// Whether JSON was asked for.
    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    /// Prints one line as it is.
    pub(super) fn line(&mut self, text: &str) -> Result<(), Stop> {
        written(writeln!(self.to, "{text}"))
    }

    /// Prints one value as one line of JSON.
    pub(super) fn json<T: Serialize>(&mut self, value: &T) -> Result<(), Stop> {
        let text =
            serde_json::to_string(value).map_err(|e| Stop::unavailable(format!("cannot write JSON: {e}")))?;
        self.line(&text)
    }

    /// Prints a value as JSON, or `text` for a person.
    pub(super) fn either<T: Serialize>(&mut self, value: &T, text: &str) -> Result<(), Stop> {
        if self.json { self.json(value) } else { self.line(text) }
    }

    /// Prints names and values in two columns, leaving out what is empty.
    pub(super) fn pairs(&mut self, pairs: &[(&str, String)]) -> Result<(), Stop> {
        let widest = pairs.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
            self.line(&format!("{name:widest$}  {}", one_line(value)))?;
        }
        Ok(())
    }

    /// Prints rows in columns; later calls keep at least the widths of earlier ones, so that pages line up.
    pub(super) fn rows<const N: usize>(&mut self, rows: &[[String; N]]) -> Result<(), Stop> {
        self.widths.resize(N, 0);
        for row in rows {
            for (widest, cell) in self.widths.iter_mut().zip(row) {
                *widest = (*widest).max(width(cell));
            }
        }
        for row in rows {
            let mut line = String::new();
            for (widest, cell) in self.widths.iter().zip(row) {
                let cell = one_line(cell);
                line.push_str(&cell);
                line.extend(std::iter::repeat_n(' ', (widest + 2).saturating_sub(width(&cell))));
            }
            self.line(line.trim_end())?;
        }
        Ok(())
    }

    /// Sends what is buffered on its way.
    pub(super) fn flush(&mut self) -> Result<(), Stop> {
        written(self.to.flush())
    }
}

fn written(result: std::io::Result<()>) -> Result<(), Stop> {
    result.map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Stop::quietly(),
        _ => Stop {
            exit: Exit::Unavailable,
            reason: None,
            lines: vec![format!("cannot write the output: {error}")],
        },
    })
}

/// Prints why a command stopped, on standard error.
pub(super) fn complain(stop: &Stop, json: bool) {
    let mut to = std::io::stderr().lock();
    if json && !stop.lines.is_empty() {
        let line = serde_json::json!({ "error": stop.reason, "message": stop.lines.join("; ") });
        let _ = writeln!(to, "{line}");
        return;
    }
    for line in &stop.lines {
        let _ = writeln!(to, "sekisho: {}", one_line(line));
    }
}

/// How many columns a terminal gives a text: two for East Asian wide characters, none for combining marks.
fn width(text: &str) -> usize {
    text.chars()
        .map(|c| match u32::from(c) {
            0x0300..=0x036f | 0x200b..=0x200d | 0xfe00..=0xfe0f => 0,
            0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f => 2,
            0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1faff | 0x20000..=0x3fffd => 2,
            _ => 1,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::width;

    #[test]
    fn japanese_takes_two_columns_each() {
        assert_eq!(width("関所"), 4);
        assert_eq!(width("tim"), 3);
    }
}
