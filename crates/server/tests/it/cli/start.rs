//! How a server starts, what it says, and what keeps it from starting.

use std::net::TcpListener;

use crate::harness::{Db, Ran, Scratch, Setup, server_of, start};

#[test]
fn the_first_screen_says_where_what_and_what_next() {
    let site = Setup::new().start();
    let log = site.log();
    let address = site.address();
    for line in [
        format!("listening on http://{address}"),
        format!("docs        http://{address}/docs"),
        "first user  none yet: sekisho user add NAME --email ADDRESS".to_owned(),
    ] {
        assert!(log.lines().any(|said| said == line), "{line} in\n{log}");
    }
    let database = match Db::tested() {
        Db::Sqlite => site.data().join("sekisho.db").display().to_string(),
        Db::Postgres => server_of(site.folder()),
    };
    assert!(log.contains(&database), "{database} in\n{log}");
    assert!(log.contains("profile     development: this machine only"), "{log}");
}

#[test]
fn production_says_so_and_offers_no_demonstration() {
    let site = Setup::new().production().start();
    let log = site.log();
    assert!(log.contains("profile     production") && !log.contains("--demo"), "{log}");
    let ran = Setup::new().production().demo().refused();
    assert_eq!(ran.code, Some(2));
}

#[test]
fn the_demonstration_user_is_made_once() {
    let site = start();
    assert_eq!(site.me(&site.token("tim", "tim1234")).status, 200);
    assert_eq!(site.database().number("select count(*) from sekisho_users"), 1);
    assert_eq!(site.database().number("select count(*) from sekisho_items"), 1);
}

#[test]
fn a_port_in_use_is_one_line_and_leaves_nothing() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let folder = Scratch::new();
    let mut command = Setup::new().command(folder.path(), "serve");
    command.args(["--listen", &address.to_string()]);
    let ran = Ran::of(command, "");
    assert_eq!(ran.code, Some(2));
    assert_eq!(
        ran.stderr,
        format!("sekisho: {address} is in use by another program; choose another with --listen\n")
    );
    assert!(!folder.path().join("data").exists());
}

#[test]
fn a_directory_that_cannot_be_written_is_one_line() {
    let folder = Scratch::new();
    std::fs::write(folder.path().join("data"), "a file").unwrap();
    let ran = Setup::new().refused_in(folder.path());
    assert_eq!((ran.code, ran.stderr.lines().count()), (Some(2), 1), "{}", ran.stderr);
    assert!(ran.stderr.contains("data"), "{}", ran.stderr);
}

#[test]
fn a_configuration_fault_leaves_nothing() {
    let folder = Scratch::new();
    for (name, value) in
        [("SEKISHO_LISTN", "x"), ("ALGORITHM", "RS256"), ("DATABASE_URL", "postgresql://u:pw@h/db")]
    {
        let ran = Setup::new().env(name, value).refused_in(folder.path());
        assert_eq!((ran.code, ran.stderr.lines().count()), (Some(2), 1), "{}", ran.stderr);
        assert!(!ran.stderr.contains("pw"), "{}", ran.stderr);
        assert!(!folder.path().join("data").exists());
    }
}

#[test]
fn flags_without_a_command_are_serves() {
    let folder = Scratch::new();
    let mut command = Setup::new().command(folder.path(), "--port");
    command.arg("99999");
    let ran = Ran::of(command, "");
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("--port"), "{}", ran.stderr);
}

#[test]
fn somebody_elses_database_is_named_as_such_and_left_alone() {
    let folder = Scratch::new();
    let file = folder.path().join("app.db");
    let theirs = rusqlite::Connection::open(&file).unwrap();
    theirs.execute_batch("create table user (id integer primary key, username text)").unwrap();
    drop(theirs);
    let before = std::fs::read(&file).unwrap();
    let ran = Setup::new().env("DATABASE_URL", "sqlite:///./app.db").refused_in(folder.path());
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert!(ran.stderr.contains("belongs to another application (tables user)"), "{}", ran.stderr);
    assert!(ran.stderr.contains("sekisho adopt ./app.db --app DIR`"), "{}", ran.stderr);
    assert!(ran.stderr.contains("sekisho adopt ./app.db --app DIR --in-place"), "{}", ran.stderr);
    assert_eq!(std::fs::read(&file).unwrap(), before);
    assert!(!folder.path().join("data/sekisho.key").exists());
}

#[test]
fn s12_a_clock_of_before_the_program_stops_the_start() {
    let folder = Scratch::new();
    let inner = Setup::new().command(folder.path(), "serve");
    let mut command = std::process::Command::new("faketime");
    command.arg("2001-02-03 04:05:06").arg(inner.get_program()).args(inner.get_args());
    command
        .current_dir(folder.path())
        .envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let ran = Ran::of(command, "");
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("the clock says 2001-02-0"), "{}", ran.stderr);
    assert_eq!(
        std::fs::read_dir(folder.path().join("data")).map_or(0, Iterator::count),
        0,
        "nothing was made"
    );
}
