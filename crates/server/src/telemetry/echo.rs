//! `--echo`: each SQL statement as it ran, as the seed's `echo=True` does.

use super::json;
use super::sink::{Sink, Style};
use sekisho_store::{Echo, EchoHook};
use std::sync::Arc;

/// A printer for the store's statements: text, time, rows. Parameters are never shown, since hashes are among them.
pub fn printer(style: Style, sink: Sink) -> EchoHook {
    Arc::new(move |echo| sink(&line(style, echo)))
}

fn line(style: Style, echo: &Echo<'_>) -> String {
    // On one line a comment would hide what follows it.
    let code = echo.statement.lines().map(str::trim).filter(|line| !line.starts_with("--"));
    let statement = code.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ");
    let micros = u64::try_from(echo.elapsed.as_micros()).unwrap_or(u64::MAX);
    if style == Style::Json {
        return json::line([
            ("trace", "sql".into()),
            ("statement", statement.into()),
            ("micros", micros.into()),
            ("rows", echo.rows.into()),
            ("failed", echo.failed.into()),
        ]);
    }
    let rows = match (echo.failed, echo.rows) {
        (true, _) => "failed".to_owned(),
        (false, 1) => "1 row".to_owned(),
        (false, rows) => format!("{rows} rows"),
    };
    format!("{} {micros:>6} µs {rows:>8}  {statement}\n", style.paint("35", "sql"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_statement_is_one_line_without_parameters() {
        let echo = Echo {
            statement: "-- Who it is.\nselect id\n   from sekisho_users\n  where username = $1",
            elapsed: Duration::from_micros(12),
            rows: 1,
            failed: false,
        };
        assert_eq!(
            line(Style::Plain, &echo),
            "sql     12 µs    1 row  select id from sekisho_users where username = $1\n"
        );
        assert_eq!(
            line(Style::Json, &Echo { failed: true, rows: 0, ..echo }),
            "{\"trace\":\"sql\",\"statement\":\"select id from sekisho_users where username = $1\",\
             \"micros\":12,\"rows\":0,\"failed\":true}\n"
        );
    }
}
