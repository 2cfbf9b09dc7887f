//! The good examples of CONTRIBUTING.md stand in the files that it names.

use crate::shell;

/// Each quoted example: the file that a `Good, in` line names, and the code block after it.
fn quotes(page: &str) -> Vec<(String, Vec<String>)> {
    let mut quotes = Vec::new();
    for part in page.split("Good, in").skip(1) {
        let file = part.split('`').nth(1).unwrap_or_default();
        let code =
            part.split("```rust\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap_or_default();
        quotes.push((file.to_owned(), code.lines().map(|line| line.trim().to_owned()).collect()));
    }
    quotes
}

fn holds(text: &str, lines: &[String]) -> bool {
    let text: Vec<&str> = text.lines().map(str::trim).collect();
    !lines.is_empty() && text.windows(lines.len()).any(|window| window == lines)
}

#[test]
fn every_example_is_found_where_it_is_said_to_be() {
    let page = std::fs::read_to_string(shell::root().join("CONTRIBUTING.md")).unwrap();
    let quotes = quotes(&page);
    assert!(quotes.len() >= 10, "only {} examples", quotes.len());
    let missing: Vec<String> = quotes
        .iter()
        .filter(|(file, lines)| {
            !std::fs::read_to_string(shell::root().join(file)).is_ok_and(|text| holds(&text, lines))
        })
        .map(|(file, lines)| format!("{file} does not hold:\n{}", lines.join("\n")))
        .collect();
    assert!(missing.is_empty(), "CONTRIBUTING.md quotes what is not there\n{}\n", missing.join("\n"));
}

#[test]
fn an_example_that_moved_is_missed() {
    let lines = ["let a = 1;".to_owned(), "let b = 2;".to_owned()];
    assert!(holds("  let a = 1;\n    let b = 2;\n", &lines));
    assert!(!holds("let a = 1;\nlet c = 3;\nlet b = 2;\n", &lines));
    assert!(!holds("let a = 1;", &[]));
}
