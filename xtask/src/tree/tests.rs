//! The rules over this tree, and over made-up trees that break each of them.

use super::files::Files;
use super::{imports, lengths, read};
use crate::shell;

#[test]
fn this_tree_obeys_the_import_rules() {
    let found = imports(&read(&shell::root()).unwrap());
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn no_file_of_this_tree_is_too_long() {
    let (median, found) = lengths(&read(&shell::root()).unwrap());
    println!("median length of a file: {median} lines");
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

fn tree(files: &[(&str, &str)]) -> Files {
    files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

/// Findings over a small crate `core` whose root declares the modules a and b.
fn core(a: &str, b: &str) -> Vec<String> {
    imports(&tree(&[
        ("crates/core/src/lib.rs", "mod a;\npub mod b;\npub use a::A;\npub use self::b::{B, C as D};"),
        ("crates/core/src/a.rs", a),
        ("crates/core/src/b.rs", b),
    ]))
}

/// Findings over a server whose root declares `modules`.
fn server(files: &[(&str, &str)]) -> Vec<String> {
    let mut tree = Files::new();
    let mut root = String::new();
    for (path, text) in files {
        let (top, inner) = path.split_once('/').unwrap_or((path, ""));
        let top = top.trim_end_matches(".rs");
        if !root.contains(&format!("mod {top};")) {
            root += &format!("mod {top};\n");
        }
        if !inner.is_empty() {
            let parent = tree.entry(format!("crates/server/src/{top}/mod.rs")).or_default();
            *parent += &format!("pub mod {};\n", inner.trim_end_matches(".rs"));
        }
        tree.insert(format!("crates/server/src/{path}"), (*text).to_owned());
    }
    tree.insert("crates/server/src/lib.rs".to_owned(), root);
    imports(&tree)
}

#[test]
fn one_direction_is_no_circle() {
    assert_eq!(core("use crate::b::B;", "pub struct B;"), [""; 0]);
    assert_eq!(core("", "fn f() { crate::a::f() }"), [""; 0]);
}

#[test]
fn a_circle_is_found_however_it_is_written() {
    let ways = [
        ("use crate::b::B;", "use crate::a::A;"),
        ("use crate::{x, b::{self, B}};", "fn f() -> super::a::A { todo!() }"),
        ("use super::b;", "const N: usize = crate::a::N;"),
        // Through the root, which passes both on.
        ("use crate::B;", "use crate::A;"),
        ("use crate::D;", "use super::A as Other;"),
        ("mod inner { use super::super::b::B; }", "mod tests { mod deeper { use crate::a; } }"),
        ("fn f() { g::<crate::b::B>() }", "pub use crate::a::A;"),
        ("macro_rules! m { () => { $crate::b::f() } }", "type T = (u8, crate::a::A);"),
    ];
    for (a, b) in ways {
        let found = core(a, b);
        assert_eq!(found.len(), 1, "{a} | {b}: {found:?}");
        assert!(found[0].contains("crates/core/src/a.rs:1 -> crates/core/src/b.rs"), "{found:?}");
    }
}

#[test]
fn a_circle_of_three_files_is_found() {
    let found = imports(&tree(&[
        ("crates/core/src/lib.rs", "mod a; mod b; mod c;"),
        ("crates/core/src/a.rs", "use crate::b::B;"),
        ("crates/core/src/b.rs", "use crate::c::C;"),
        ("crates/core/src/c.rs", "use crate::a::A;"),
    ]));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].lines().count(), 4, "{found:?}");
}

#[test]
fn a_parent_that_uses_its_child_may_not_be_used_by_it() {
    let parent = |text: &str| {
        imports(&tree(&[
            ("crates/store/src/lib.rs", "pub mod area;"),
            ("crates/store/src/area/mod.rs", text),
            ("crates/store/src/area/child.rs", "use super::Error;"),
        ]))
    };
    assert_eq!(parent("mod child; pub use child::Child; pub struct Error;"), [""; 0]);
    assert_eq!(parent("mod child; fn f() { child::g() } pub struct Error;").len(), 1);
    assert_eq!(parent("mod child; use child::Child; pub struct Error;").len(), 1);
    assert_eq!(parent("mod child; use self::child::Child; pub struct Error;").len(), 1);
}

#[test]
fn comments_strings_and_local_names_are_no_imports() {
    let a = r####"
        // use crate::b::B;
        /* use crate::b::B; /* nested */ use crate::b::B; */
        const TEXT: &str = "use crate::b::B; \" crate::b::B";
        const RAW: &str = r#"crate::b::B " crate::b::B"#;
        const QUOTE: char = '"'; fn f<'a>(x: &'a str) -> b::B { b::f(x) } // another crate's b
        pub(in crate::b) struct A;
    "####;
    assert_eq!(core(a, "use crate::a::A;"), [""; 0]);
}

#[test]
fn a_module_without_a_file_is_a_finding() {
    assert_eq!(core("mod missing;", ""), ["crates/core/src/a.rs: mod missing: no such file"]);
}

#[test]
fn core_may_not_reach_outside() {
    for text in [
        "use tokio::sync;",
        "use std::fs;",
        "use std::{fmt, fs};",
        "std::time::SystemTime::now();",
        "async fn f() {}",
    ] {
        assert_eq!(core(text, "").len(), 1, "{text}");
    }
    assert_eq!(core("use std::net::IpAddr; use std::{fmt, path::Path};", ""), [""; 0]);
}

#[test]
fn each_direction_of_the_server_is_guarded() {
    let bad: [(&str, [(&str, &str); 2]); 9] = [
        ("verbs know nothing", [("accounts/register.rs", "use axum::Json;"), ("app.rs", "")]),
        ("not the store", [("accounts/api.rs", "use sekisho_store::Store;"), ("app.rs", "")]),
        ("not the store", [("extract/user.rs", "fn f(s: sekisho_store::Store) {}"), ("app.rs", "")]),
        ("import no feature", [("app.rs", "use crate::accounts::register;"), ("accounts/register.rs", "")]),
        ("import no feature", [("throttle.rs", "use crate::router;"), ("router.rs", "")]),
        ("another's api", [("items/api.rs", "use crate::accounts::api::f;"), ("accounts/api.rs", "")]),
        (
            "against the direction",
            [("items/list.rs", "use crate::extract::user::U;"), ("extract/user.rs", "")],
        ),
        ("call verbs", [("cli/user.rs", "use crate::accounts::api;"), ("accounts/api.rs", "")]),
        ("no layer known", [("novelty.rs", "use crate::app::App;"), ("app.rs", "")]),
    ];
    for (rule, files) in bad {
        let found = server(&files);
        assert_eq!(found.len(), 1, "{files:?}: {found:?}");
        assert!(found[0].contains(rule), "{found:?}");
    }
}

#[test]
fn the_directions_that_are_meant_pass() {
    let found = server(&[
        ("router.rs", "use crate::accounts::api; use axum::Router;"),
        (
            "accounts/api.rs",
            "use super::register::register; use crate::extract::user::CurrentUser; use axum::Json;",
        ),
        ("extract/user.rs", "use crate::tokens::resolve::resolve;"),
        ("tokens/resolve.rs", "use crate::app::App; use sekisho_store::Store;"),
        ("accounts/register.rs", "use crate::app::App;"),
        ("app.rs", "use crate::hashing::lane::Lane;"),
        ("hashing/lane.rs", ""),
        ("cli/serve.rs", "use crate::router; use crate::accounts::register;"),
    ]);
    assert_eq!(found, [""; 0]);
}

#[test]
fn sql_and_drivers_stay_in_their_place() {
    for text in [
        "const Q: &str = \"select name from sekisho_users\";",
        "\n\"\n  INSERT INTO t values (1)\"",
        "use rusqlite::Row;",
    ] {
        assert_eq!(server(&[("app.rs", text)]).len(), 1, "{text}");
    }
    assert_eq!(server(&[("app.rs", "const HELP: &str = \"select a user, then update it\";")]), [""; 0]);
    let mixed = "#[cfg(test)] mod tests { fn f() { g(\"select a from b\") } } use rusqlite::Row;";
    assert_eq!(
        server(&[("app.rs", mixed)]),
        ["crates/server/src/app.rs:1: names rusqlite: the server names no driver"]
    );
    let store = |name: &str| {
        imports(&tree(&[
            ("crates/store/src/lib.rs", &format!("mod {name};")),
            (&format!("crates/store/src/{name}.rs"), "use rusqlite::Row;"),
        ]))
    };
    assert_eq!(store("users").len(), 1);
    assert_eq!(store("sqlite"), [""; 0]);
}

#[test]
fn a_long_file_needs_a_reason() {
    let long = "fn f() {}\n".repeat(401);
    assert_eq!(lengths(&tree(&[("crates/core/src/lib.rs", &long)])).1.len(), 1);
    let excused = format!("//! A table.\n//! Over 400 lines because it is one table.\n{long}");
    assert_eq!(lengths(&tree(&[("crates/core/src/lib.rs", &excused)])).1, [""; 0]);
    assert_eq!(lengths(&tree(&[("crates/core/src/lib.rs", &"x\n".repeat(400))])), (400, Vec::new()));
}
