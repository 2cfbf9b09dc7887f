//! Every statement stands in its area's list, so that the checks over the list see all there are.

use std::collections::HashSet;
use std::path::Path;

use sekisho_store::statements;

/// Where SQL of another kind stands: pragmas and the schema's own table, which only SQLite knows, and migrations.
const ELSEWHERE: [&str; 21] = [
    // What only PostgreSQL has: its catalogue, its settings, its clock.
    "postgres/clock.rs",
    "postgres/connect.rs",
    "postgres/facts.rs",
    "postgres/foreign.rs",
    "postgres/schema.rs",
    // Tables that are there only beside an application.
    "beside.rs",
    "beside/life.rs",
    "postgres/check.rs",
    "postgres/numbers.rs",
    "sqlite/numbers.rs",
    "moving/target.rs",
    // Made of the list of tables and their columns.
    "tables.rs",
    "sqlite/freeze.rs",
    "postgres/freeze.rs",
    "sqlite.rs",
    "sqlite/backup.rs",
    "sqlite/check.rs",
    "sqlite/file.rs",
    "sqlite/sqlmodel.rs",
    "migrate.rs",
    "sqlite/foreign.rs",
];

#[test]
fn no_statement_stands_outside_of_the_lists() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut checked = 0;
    for (name, text) in sources(&src, "") {
        if ELSEWHERE.contains(&name.as_str()) || name.contains("/in_place/") {
            continue;
        }
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let (inside, outside) = lists(code);
        checked += count_sql(&inside);
        assert_eq!(count_sql(&outside), 0, "{name} has SQL outside of `statements!`");
    }
    assert!(checked > 20, "only {checked} statements were seen");
}

#[test]
fn the_search_sees_sql_where_it_stands() {
    let (inside, outside) =
        lists("statements! {\n    A() = \"select 1\";\n}\nconst B: &str = \"delete from x\";");
    assert_eq!((count_sql(&inside), count_sql(&outside)), (1, 1));
}

#[test]
fn the_list_holds_each_statement_once() {
    let texts: HashSet<_> = statements().map(|statement| statement.text()).collect();
    assert_eq!(texts.len(), statements().count());
    for statement in statements() {
        let n = statement.params().len();
        assert!(
            (1..=n).all(|number| statement.text().contains(&format!("${number}"))),
            "{}",
            statement.name()
        );
        assert!(!statement.text().contains(&format!("${}", n + 1)), "{}", statement.name());
        assert!(!statement.text().contains(" like "), "{}", statement.name());
    }
}

/// Every source file below `folder` with its name from there.
fn sources(folder: &Path, prefix: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            found.extend(sources(&path, &format!("{name}/")));
        } else {
            found.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
    found
}

/// What stands inside of `statements! { … }` and of `macro_rules!` of columns, and what outside.
fn lists(code: &str) -> (String, String) {
    let (mut inside, mut outside) = (String::new(), String::new());
    let mut in_list = false;
    for line in code.lines() {
        in_list |= line.starts_with("statements! {") || line.starts_with("macro_rules! ");
        let side = if in_list { &mut inside } else { &mut outside };
        side.push_str(line);
        side.push('\n');
        in_list &= line != "}";
    }
    (inside, outside)
}

/// How many literals begin as a statement does.
fn count_sql(code: &str) -> usize {
    ["select ", "insert into ", "update ", "delete from ", "with ", "create "]
        .iter()
        .map(|verb| code.to_lowercase().matches(&format!("\"{verb}")).count())
        .sum()
}
