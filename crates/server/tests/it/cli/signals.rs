//! Stopping and reloading by signals.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::harness::{Connection, Request, Setup, Site};

#[test]
fn s13_a_stop_answers_what_is_in_flight() {
    let mut site = Setup::new().demo().start();
    site.secret("tim1234tim1234");
    let address = site.address();
    let stopped = AtomicBool::new(false);
    let answered = AtomicU32::new(0);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let log_in = Request::post("/token").form(&[("username", "tim"), ("password", "tim1234")]);
                // A connection that was accepted gets a whole answer; a refused one is the end.
                while let Ok(mut connection) = Connection::open(address) {
                    match connection.exchange(&log_in) {
                        // The test has failed: nobody stops the server any more.
                        Ok(_) if begun.elapsed() > Duration::from_secs(120) => break,
                        Ok(answer) => {
                            assert!([200, 429, 503].contains(&answer.status), "{}", answer.status);
                            answered.fetch_add(1, Ordering::SeqCst);
                        }
                        Err(error) => {
                            assert!(stopped.load(Ordering::SeqCst), "cut off before the stop: {error}");
                            break;
                        }
                    }
                }
            });
        }
        crate::harness::until("some log-ins", || (answered.load(Ordering::SeqCst) > 3).then_some(()));
        stopped.store(true, Ordering::SeqCst);
        let start = Instant::now();
        site.process().signal(Signal::TERM);
        let status = site.process().wait();
        assert_eq!(status.code(), Some(0));
        assert!(start.elapsed() < Duration::from_secs(11), "{:?}", start.elapsed());
    });
}

#[test]
fn sigint_ends_with_exit_code_0() {
    let mut site = Setup::new().start();
    site.process().signal(Signal::INT);
    assert_eq!(site.process().wait().code(), Some(0));
}

fn hang_up(site: &mut Site, text: &str) {
    std::fs::write(site.folder().join("sekisho.toml"), text).unwrap();
    site.process().signal(Signal::HUP);
}

#[test]
fn sighup_changes_what_can_change_and_names_the_rest() {
    let mut site = Setup::new().config("[registration]\nmode = \"open\"").start();
    hang_up(&mut site, "[registration]\nmode = \"closed\"\n[hashing]\nqueue = 9\n");
    site.wait_for_log("registration.mode");
    site.wait_for_log("needs a restart: hashing.queue");
    crate::harness::until("registration to close", || {
        (site.register("ann", "seven grey herons wade").status == 403).then_some(())
    });
}

#[test]
fn sighup_with_a_faulty_file_keeps_the_running_configuration() {
    let mut site = Setup::new().config("[registration]\nmode = \"closed\"").start();
    hang_up(&mut site, "[registration]\nmode = \"clsed\"\n");
    site.wait_for_log("configuration not taken, the running one stays: sekisho.toml:2");
    assert_eq!(site.register("ann", "seven grey herons wade").status, 403);
}
