//! A disk that fails to confirm a write is a figure of its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use super::{now, start};
use crate::harness::until;

/// The system calls of a process that is watched, its syncs failing from now on.
struct FailingSyncs(Child);

impl FailingSyncs {
    fn of(pid: u32) -> FailingSyncs {
        let mut strace = Command::new("strace");
        strace.args(["-f", "-e", "trace=fsync,fdatasync", "-e", "signal=none"]);
        strace.args(["-e", "inject=fsync,fdatasync:error=EIO", "-o", "/dev/null", "-p", &pid.to_string()]);
        let mut child = strace.stderr(Stdio::piped()).spawn().expect("strace");
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        let attached = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains("attached")));
        assert!(attached.is_some(), "strace did not attach");
        // It goes on telling of threads; a pipe that nobody reads would stop it.
        std::thread::spawn(move || lines.for_each(drop));
        FailingSyncs(child)
    }
}

impl Drop for FailingSyncs {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_disk_that_does_not_confirm_stops_writes_until_a_restart() {
    let mut site = start();
    assert_eq!(site.register("anew", "seven grey herons").status, 200);
    let failing = FailingSyncs::of(site.process().pid());
    assert_eq!(site.register("bnew", "seven grey herons").status, 503);
    drop(failing);
    let ready = site.get("/readyz");
    assert_eq!((ready.status, site.get("/livez").status), (503, 200));
    assert!(ready.header("retry-after").is_some());
    assert_eq!(now(&site, "sekisho_database_writes_stopped"), 1.0);
    assert_eq!(now(&site, "sekisho_database_up"), 1.0);
    assert_eq!(now(&site, "sekisho_database_errors_total{kind=\"unavailable\"}"), 1.0);
    // The disk is well again, and still nobody knows what it holds.
    assert_eq!(site.register("bnew", "seven grey herons").status, 503);
    let token = site.token("anew", "seven grey herons");
    assert_eq!(site.me(&token).status, 200);
    site.restart(|setup| setup);
    until("the answer", || (site.register("cnew", "seven grey herons").status == 200).then_some(()));
    assert_eq!(now(&site, "sekisho_database_writes_stopped"), 0.0);
    assert_eq!(site.get("/readyz").status, 200);
}
