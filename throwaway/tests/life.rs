//! What the tests of the other crates rely on.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sekisho_throwaway::Postgres;

#[test]
fn a_database_outlives_a_stop_and_a_kill_on_the_same_port() {
    let server = Postgres::start_with(&[("fsync", "on")]);
    let url = server.create_database();
    assert_eq!(server.psql(&url, "create table t (n int); insert into t values (7), (8)"), "");
    assert_eq!(server.psql(&url, "show fsync"), "on");
    for end in [Postgres::stop, Postgres::kill] {
        end(&server);
        server.restart();
        assert_eq!(server.psql(&url, "select n, n + 1 from t order by n"), "7|8\n8|9");
    }
    let copy = server.create_database_like(url.rsplit('/').next().unwrap());
    assert_eq!(server.psql(&copy, "select count(*) from t"), "2");
    assert_eq!(server.psql(&server.socket_url("postgres"), "select 1"), "1");
    server.write("pg_hba.conf", "host all all 127.0.0.1/32 trust\n");
    server.reload();

    let folder = server.folder().to_owned();
    drop(server);
    assert!(!folder.exists(), "{} was left behind", folder.display());
}

#[test]
fn a_standby_follows_and_only_reads() {
    let primary = Postgres::start();
    let standby = primary.standby(&[("hot_standby", "on")]);
    let url = primary.create_database();
    let there = standby.url(url.rsplit('/').next().unwrap());
    let lsn = primary.psql(&url, "select pg_current_wal_lsn()");
    let reached = format!("select pg_last_wal_replay_lsn() >= '{lsn}'");
    until(|| standby.psql(&standby.url("postgres"), &reached) == "t");
    assert_eq!(standby.psql(&there, "select pg_is_in_recovery()"), "t");
}

/// Runs itself: the child starts a server, says where, and is killed.
#[test]
fn a_killed_process_leaves_no_server_and_no_folder() {
    const CHILD: &str = "SEKISHO_THROWAWAY_CHILD";
    if std::env::var_os(CHILD).is_some() {
        let server = Postgres::shared();
        println!("\n{} {}", server.pid(), server.folder().display());
        std::thread::sleep(Duration::from_secs(600));
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "a_killed_process_leaves_no_server_and_no_folder", "--nocapture"]);
    let mut child = command.env(CHILD, "1").stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines.map(Result::unwrap).find(|line| line.contains("sekisho-postgres-")).unwrap();
    let (pid, folder) = line.split_once(' ').unwrap();
    let running = || Path::new("/proc").join(pid).exists();
    assert!(running() && Path::new(folder).exists());
    child.kill().unwrap();
    child.wait().unwrap();
    until(|| !running() && !Path::new(folder).exists());
}

fn until(mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < deadline, "waited too long");
        std::thread::sleep(Duration::from_millis(20));
    }
}
