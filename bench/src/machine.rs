//! What the figures were made on.

use std::{fmt::Write as _, fs, process::Command};

/// One line a fact: processor, memory, kernel, compiler, commit.
pub(crate) fn describe() -> String {
    let mut text = String::new();
    let mut fact = |name: &str, value: String| {
        let _infallible = writeln!(text, "- {name}: {value}");
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    fact("processor", format!("{} ({cores} cores)", field("/proc/cpuinfo", "model name")));
    let kib: u64 = field("/proc/meminfo", "MemTotal").trim_end_matches(" kB").parse().unwrap_or(0);
    fact("memory", format!("{} GiB", kib / 1024 / 1024));
    fact("kernel", output("uname", &["-sr"]));
    fact("compiler", output("rustc", &["--version"]));
    fact("commit", output("git", &["describe", "--always", "--dirty"]));
    text
}

fn field(file: &str, name: &str) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name));
    line.and_then(|line| line.split_once(':'))
        .map_or_else(|| "unknown".to_owned(), |(_, value)| value.trim().to_owned())
}

fn output(program: &str, arguments: &[&str]) -> String {
    let said = Command::new(program).args(arguments).output();
    said.map_or_else(
        |_| "unknown".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}
