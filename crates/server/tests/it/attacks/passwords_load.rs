//! P: very many log-ins at once.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::harness::{Request, Setup, Site, until};

const MIB: u64 = 1024 * 1024;

/// What a hash takes, with the kept capacity of its block.
const BLOCK: u64 = 33 * MIB;

fn threads() -> u64 {
    std::thread::available_parallelism().map_or(1, |n| n.get() as u64)
}

fn unthrottled() -> Site {
    let site = Setup::new()
        .demo()
        .config("[throttle]\nenabled = false\n[log]\nlevel = \"warn\"")
        .without_env("SEKISHO_LOG_LEVEL")
        .start();
    site.token("tim", "tim1234");
    site
}

#[test]
fn p11_a_thousand_at_once() {
    let site = unthrottled();
    let token = site.token("tim", "tim1234");
    let base = site.resident();
    let statuses = Mutex::new(Vec::new());
    let over = AtomicBool::new(false);
    let mut peak = 0;
    let mut checks = Vec::new();

    std::thread::scope(|scope| {
        let storm: Vec<_> = (0..1000)
            .map(|n| {
                let (site, statuses) = (&site, &statuses);
                std::thread::Builder::new()
                    .stack_size(256 * 1024)
                    .spawn_scoped(scope, move || {
                        let response = site.login(&format!("nobody{n}"), "wrong-password");
                        if response.status == 503 {
                            assert!(response.header("retry-after").is_some());
                        }
                        statuses.lock().unwrap().push(response.status);
                    })
                    .unwrap()
            })
            .collect();
        let watcher = scope.spawn(|| {
            let mut checks = Vec::new();
            let mut connection = site.connect();
            let mut peak = 0;
            while !over.load(Ordering::Relaxed) {
                for request in [Request::get("/livez"), Request::get("/users/me").bearer(&token)] {
                    let start = Instant::now();
                    assert_eq!(connection.exchange(&request).unwrap().status, 200);
                    checks.push(start.elapsed());
                }
                peak = peak.max(site.resident());
                std::thread::sleep(Duration::from_millis(5));
            }
            (checks, peak)
        });
        for login in storm {
            login.join().unwrap();
        }
        over.store(true, Ordering::Relaxed);
        (checks, peak) = watcher.join().unwrap();
    });

    let statuses = statuses.into_inner().unwrap();
    assert_eq!(statuses.len(), 1000, "every log-in was answered");
    assert!(statuses.iter().all(|status| matches!(status, 401 | 503 | 429)), "{statuses:?}");
    assert!(statuses.iter().filter(|status| **status == 401).count() >= 10, "too few were served");
    let bound = base + threads() * BLOCK + 64 * MIB;
    assert!(peak <= bound, "{} MiB, at most {} MiB", peak / MIB, bound / MIB);
    checks.sort();
    let p99 = checks[checks.len() * 99 / 100];
    assert!(p99 < Duration::from_millis(500), "p99 of checks was {p99:?}");

    // Idle blocks go back to the system.
    until("the hashing memory to be given back", || (site.resident() <= base + 16 * MIB).then_some(()));
}

#[test]
fn p12_clients_that_leave() {
    let site = unthrottled();
    let base = site.resident();
    let request = Request::post("/token").form(&[("username", "nobody"), ("password", "wrong-password")]);
    let bytes = request.bytes(site.address());
    for n in 0..1000 {
        let mut stream = TcpStream::connect(site.address()).unwrap();
        let body = String::from_utf8_lossy(&bytes).replace("nobody", &format!("nobo{:02}", n % 100));
        stream.write_all(body.as_bytes()).unwrap();
    }
    let bound = base + threads() * BLOCK + 64 * MIB;
    assert!(site.resident() <= bound, "{} MiB", site.resident() / MIB);
    // Whoever is gone is skipped: the next log-in does not wait for a thousand hashes.
    let start = Instant::now();
    until("a log-in", || (site.login("tim", "tim1234").status == 200).then_some(()));
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    site.alive();
}
