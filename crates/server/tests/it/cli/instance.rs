//! One server per SQLite file.

use rustix::process::Signal;

use crate::harness::{Db, Setup};

#[test]
fn s19_a_second_instance_waits_and_then_gives_up() {
    let site = Setup::new().start(Db::Sqlite, 1);
    let ran = Setup::new().refused_in(site.folder());
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    let lines: Vec<_> = ran.stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{}", ran.stderr);
    assert!(lines[0].contains("waiting up to 15 s") && lines[1].contains("another instance still serves"));
    site.alive();
}

#[test]
fn s19_a_second_instance_takes_over_when_the_first_one_goes() {
    let mut site = Setup::new().demo().start(Db::Sqlite, 1);
    let token = site.token("tim", "tim1234");
    let mut second = Setup::new().process(site.folder());
    crate::harness::until("the second to wait", || second.log().contains("waiting up to").then_some(()));
    site.process().signal(Signal::TERM);
    let address = second.address();
    assert_eq!(site.process().wait().code(), Some(0));
    let request = crate::harness::Request::get("/users/me").bearer(&token);
    let answer = crate::harness::Connection::open(address).unwrap().exchange(&request).unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(second.stop().code(), Some(0));
}
