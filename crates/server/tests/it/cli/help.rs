//! `docs/cli.md` shows what `--help` says, word for word.

use std::path::Path;
use std::process::Command;

/// Everything under this line is made of `--help`.
const MARK: &str = "<!-- from here on: the output of --help, kept so by a test -->";

#[test]
fn the_documentation_shows_the_real_help() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cli.md");
    let written = std::fs::read_to_string(&path).unwrap();
    let (prose, _) = written.split_once(MARK).expect("the mark");
    let mut real = format!("{prose}{MARK}\n");
    describe(&sekisho::cli::command(), &[], &mut real);
    if std::env::var_os("SEKISHO_TEST_UPDATE").is_some() {
        std::fs::write(&path, real).unwrap();
    } else {
        assert!(written == real, "docs/cli.md differs from --help: run this test with SEKISHO_TEST_UPDATE=1");
    }
}

/// One section a command: what the real binary prints for it.
fn describe(command: &clap::Command, path: &[&str], text: &mut String) {
    let output = Command::new(env!("CARGO_BIN_EXE_sekisho")).args(path).arg("--help").output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
    let help = String::from_utf8(output.stdout).unwrap();
    let name = [&["sekisho"], path].concat().join(" ");
    let depth = "#".repeat(2 + path.len());
    text.push_str(&format!("\n{depth} `{name}`\n\n```text\n{}\n```\n", help.trim_end()));
    for sub in command.get_subcommands() {
        let path = [path, &[sub.get_name()]].concat();
        describe(sub, &path, text);
    }
    if command.get_subcommands().next().is_none() {
        assert!(help.contains("Example"), "{name} --help has no example");
    }
}
