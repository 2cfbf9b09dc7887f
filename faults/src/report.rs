//! The table of results: on the screen, and in `docs/faults.md`.

use std::process::Command;

/// Where the results of a long run are kept.
const FILE: &str = "docs/faults.md";
/// How many findings of a row are shown.
const SHOWN: usize = 10;

/// One run of one oracle.
pub(crate) struct Row {
    pub(crate) fault: &'static str,
    pub(crate) subject: &'static str,
    pub(crate) amount: String,
    pub(crate) result: String,
    pub(crate) findings: Vec<String>,
    /// Whether this is a control, which must be caught.
    pub(crate) must_fail: bool,
}

impl Row {
    fn good(&self) -> bool {
        self.findings.is_empty() != self.must_fail
    }

    fn verdict(&self) -> &'static str {
        match (self.good(), self.must_fail) {
            (true, false) => "ok",
            (true, true) => "ok: caught",
            (false, false) => "FAILED",
            (false, true) => "FAILED: not caught",
        }
    }
}

/// All rows of a run.
pub(crate) struct Report {
    seed: u64,
    rows: Vec<Row>,
}

impl Report {
    pub(crate) fn new(seed: u64) -> Report {
        Report { seed, rows: Vec::new() }
    }

    /// Shows a row at once, with what it found.
    pub(crate) fn add(&mut self, row: Row) {
        println!("{}: {}: {}; {}: {}", row.fault, row.subject, row.amount, row.result, row.verdict());
        if !row.must_fail {
            row.findings.iter().take(SHOWN).for_each(|finding| println!("  {finding}"));
        }
        self.rows.push(row);
    }

    /// Adds the rows of a run of its own, which have been shown.
    pub(crate) fn join(&mut self, other: Report) {
        self.rows.extend(other.rows);
    }

    /// Good if every oracle passed what is sound and caught what is broken.
    pub(crate) fn verdict(&self) -> Result<(), String> {
        let failed = self.rows.iter().filter(|row| !row.good()).count();
        println!("{} of {} fault checks as they should be", self.rows.len() - failed, self.rows.len());
        if failed == 0 {
            Ok(())
        } else {
            Err(format!("{failed} fault checks failed; repeat with --seed {}", self.seed))
        }
    }

    /// Writes its part of `docs/faults.md` and leaves the other one as it was.
    pub(crate) fn write(&self, failover: bool) -> Result<(), String> {
        let said = |error: std::io::Error| format!("{FILE}: {error}");
        let old = std::fs::read_to_string(FILE).map_err(said)?;
        let (first, second) = old.split_once(FAILOVER).unwrap_or((&old, ""));
        let table = self.table();
        let text = match failover {
            true => format!("{}\n\n{FAILOVER}{FAILOVER_HEAD}{table}", first.trim_end()),
            false if second.is_empty() => format!("{HEAD}{table}"),
            false => format!("{HEAD}{table}\n{FAILOVER}{second}"),
        };
        std::fs::write(FILE, text).map_err(said)
    }

    fn table(&self) -> String {
        let mut text =
            "\n| fault | on | how much | result | verdict |\n| --- | --- | --- | --- | --- |\n".to_owned();
        for row in &self.rows {
            text += &format!(
                "| {} | {} | {} | {} | {} |\n",
                row.fault,
                row.subject,
                row.amount,
                row.result,
                row.verdict()
            );
        }
        text + &format!(
            "\nSeed {}, on Linux {}, {} cores, SQLite {}, {}.\n",
            self.seed,
            said("uname", &["-r"]),
            std::thread::available_parallelism().map_or(1, usize::from),
            rusqlite::version(),
            said("psql", &["--version"]).replace("psql (PostgreSQL)", "PostgreSQL"),
        )
    }
}

fn said(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output();
    output.map_or_else(|_| "?".to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

const HEAD: &str = include_str!("head.md");
const FAILOVER_HEAD: &str = include_str!("failover.md");
/// Where the second part begins.
const FAILOVER: &str = "## Failover\n";
