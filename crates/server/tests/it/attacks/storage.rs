//! S: the database under pressure.

use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;

use crate::harness::{Request, Scratch, Setup, Site, start, until};

/// A folder whose file system holds little, for as long as it lives.
struct Small {
    scratch: Option<Scratch>,
}

impl Small {
    /// Needs root, as tests that fill a disk do.
    fn new(mib: u32) -> Small {
        let scratch = Scratch::new();
        let size = format!("size={mib}m");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(scratch.path()).status();
        assert!(
            mounted.is_ok_and(|status| status.success()),
            "this test fills a disk of its own: run it as root"
        );
        Small { scratch: Some(scratch) }
    }

    fn take(&mut self) -> Scratch {
        self.scratch.take().expect("taken once")
    }
}

/// Unmounts when the test is over, after the site that lived there.
struct Unmount(std::path::PathBuf);

impl Drop for Unmount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[test]
fn s01_a_full_disk() {
    let mut small = Small::new(8);
    let scratch = small.take();
    let _unmount = Unmount(scratch.path().to_owned());
    let site = Setup::new().demo().env("SEKISHO_LOG_LEVEL", "warn").start_in(scratch);
    assert_eq!(site.register("anew", "secret-123").status, 200);
    let token = site.token("anew", "secret-123");

    let filler = site.folder().join("filler");
    let mut block = vec![0; 64 * 1024];
    let mut file = std::fs::File::create(&filler).unwrap();
    while block.len() > 512 {
        use std::io::Write;
        if file.write_all(&block).is_err() {
            block.truncate(block.len() / 2);
        }
    }
    drop(file);

    let mut acknowledged = vec!["anew".to_owned()];
    let mut refused = 0;
    for n in 0..40 {
        let name = format!("full{n}");
        let response = site.register(&name, "secret-123");
        match response.status {
            200 => acknowledged.push(name),
            503 => {
                assert_eq!(response.json()["error"], "storage_unavailable");
                refused += 1;
            }
            other => panic!("{other}: {}", response.text()),
        }
    }
    assert!(refused > 0, "the disk never filled up");
    // Reading goes on.
    assert_eq!(site.me(&token).status, 200);
    site.alive();

    std::fs::remove_file(&filler).unwrap();
    assert_eq!(site.register("after", "secret-123").status, 200);
    for name in &acknowledged {
        assert_eq!(site.login(name, "secret-123").status, 200, "{name} was acknowledged and is lost");
    }
}

/// The start says what is the matter and leaves the file as it was; with room again the next one serves.
#[test]
fn s16_a_full_disk_at_the_start() {
    let mut small = Small::new(8);
    let scratch = small.take();
    let _unmount = Unmount(scratch.path().to_owned());
    let mut site = Setup::new().demo().start_in(scratch);
    site.stop();
    let before = std::fs::read(site.database().path()).unwrap();
    let filler = site.folder().join("filler");
    let full = std::fs::write(&filler, vec![0; 16 * 1024 * 1024]);
    assert_eq!(full.map_err(|error| error.kind()), Err(std::io::ErrorKind::StorageFull));
    let ran = Setup::new().refused_in(site.folder());
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert!(ran.stderr.contains("no space is left for the database"), "{}", ran.stderr);
    assert!(std::fs::read(site.database().path()).unwrap() == before);
    std::fs::remove_file(&filler).unwrap();
    site.start_again(|setup| setup);
    assert_eq!(site.login("tim", "tim1234").status, 200);
}

#[test]
fn s06_two_hundred_for_one_address() {
    let site = start();
    let taken = AtomicUsize::new(0);
    let made = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for n in 0..200 {
            let (site, taken, made) = (&site, &taken, &made);
            scope.spawn(move || {
                let email = ["anew@example.com", "Anew@Example.com", "ANEW@example.COM"][n % 3];
                let name = format!("user{n}");
                loop {
                    match site.register_as(&name, email, "secret-123").status {
                        200 => made.fetch_add(1, Ordering::Relaxed),
                        409 => taken.fetch_add(1, Ordering::Relaxed),
                        503 => continue,
                        other => panic!("{other}"),
                    };
                    break;
                }
            });
        }
    });
    assert_eq!((made.into_inner(), taken.into_inner()), (1, 199));
    let rows =
        site.database().number("select count(*) from sekisho_users where email_key = 'anew@example.com'");
    assert_eq!(rows, 1);
    assert_eq!(site.database().number("select count(*) from sekisho_users"), 2);
    assert_eq!(site.database().number("select count(*) from sekisho_credentials"), 2);
}

#[test]
fn s07_disabling_during_log_ins() {
    let site = start();
    assert_eq!(site.register("anew", "secret-123").status, 200);
    let over = AtomicBool::new(false);
    let tokens = std::thread::scope(|scope| {
        let log_ins = scope.spawn(|| {
            let mut tokens = Vec::new();
            while !over.load(Ordering::Relaxed) {
                let response = site.login("anew", "secret-123");
                if response.status == 200 {
                    tokens.push(response.json()["access_token"].as_str().unwrap().to_owned());
                }
            }
            tokens
        });
        site.cli(&["user", "disable", "anew"]).ok();
        over.store(true, Ordering::Relaxed);
        log_ins.join().unwrap()
    });
    // Whatever was issued before or while: from the disabling on none of it counts.
    for token in &tokens {
        assert_eq!(site.me(token).status, 401);
    }
    assert_eq!(site.login("anew", "secret-123").status, 401);
}

#[test]
fn s07_deleting_during_registrations() {
    let site = start();
    std::thread::scope(|scope| {
        for n in 0..8 {
            let site = &site;
            scope.spawn(move || {
                let name = format!("user{n}");
                assert_eq!(site.register(&name, "secret-123").status, 200);
                let token = site.token(&name, "secret-123");
                site.cli(&["item", "add", "--owner", &name]).ok();
                site.cli(&["user", "delete", &name, "--yes"]).ok();
                assert_eq!(site.me(&token).status, 401);
            });
        }
    });
    let database = site.database();
    assert_eq!(database.number("select count(*) from sekisho_credentials"), 1);
    assert_eq!(database.number("select count(*) from sekisho_items"), 1);
}

#[test]
fn s13_stopped_under_load() {
    let mut site = start();
    for n in 0..4 {
        assert_eq!(site.register(&format!("user{n}"), "secret-123").status, 200);
    }
    let answered = AtomicUsize::new(0);
    let registered = std::sync::Mutex::new(Vec::new());
    let stop = AtomicBool::new(false);
    let address = site.address();
    let pid = site.process().pid();
    std::thread::scope(|scope| {
        for n in 0..16 {
            let (answered, registered, stop) = (&answered, &registered, &stop);
            scope.spawn(move || {
                for round in 0..10_000 {
                    let name = format!("load{n}x{round}");
                    let body = json!({"user": {"username": name, "email": format!("{name}@example.com")}, "password": "secret-123"});
                    let request = Request::post("/users/").json(&body);
                    let sent = crate::harness::Connection::open(address).and_then(|mut c| c.exchange(&request));
                    match sent {
                        Ok(response) => {
                            answered.fetch_add(1, Ordering::Relaxed);
                            assert!(matches!(response.status, 200 | 503), "{}", response.status);
                            if response.status == 200 {
                                registered.lock().unwrap().push(name);
                            }
                        }
                        // Refused or closed: only after the signal.
                        Err(error) => {
                            assert!(stop.load(Ordering::Relaxed), "{error}");
                            return;
                        }
                    }
                }
            });
        }
        until("some answers", || (answered.load(Ordering::Relaxed) > 50).then_some(()));
        stop.store(true, Ordering::Relaxed);
        let pid = rustix::process::Pid::from_raw(pid as i32).unwrap();
        rustix::process::kill_process(pid, Signal::TERM).unwrap();
        let start = Instant::now();
        let status = site.process().wait();
        assert_eq!(status.code(), Some(0), "{}", site.log());
        assert!(start.elapsed() < Duration::from_secs(12), "{:?}", start.elapsed());
    });
    site.start_again(|setup| setup);
    let registered = registered.into_inner().unwrap();
    let names: Vec<String> = site
        .cli(&["user", "list", "--json"])
        .ok()
        .stdout
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["username"].as_str().unwrap().to_owned()
        })
        .collect();
    for name in &registered {
        assert!(names.contains(name), "{name} was acknowledged and is lost");
    }
}

/// Few file descriptors: fewer connections, and all of it back when they are.
#[test]
fn s21_few_file_descriptors() {
    let site = limited("ulimit -n 64");
    let idle: Vec<_> = (0..120).map(|_| std::net::TcpStream::connect(site.address())).collect();
    drop(idle);
    until("an answer", || {
        site.try_send(&Request::get("/livez")).is_ok_and(|response| response.status == 200).then_some(())
    });
    assert_eq!(site.login("tim", "tim1234").status, 200);
}

#[test]
fn s21_little_memory() {
    let site = limited("ulimit -d 131072");
    std::thread::scope(|scope| {
        for n in 0..40 {
            let site = &site;
            scope.spawn(move || {
                let status = site.login(&format!("nobody{n}"), "wrong-password").status;
                assert!(matches!(status, 401 | 503), "{status}");
            });
        }
    });
    assert_eq!(site.login("tim", "tim1234").status, 200);
    site.alive();
}

/// A server under a shell's limit.
fn limited(limit: &str) -> Site {
    Setup::new().demo().limit(limit).start()
}

/// What cannot be recorded does not happen.
#[test]
fn s22_no_act_without_its_record() {
    let site = start();
    assert_eq!(site.register("anew", "secret-123").status, 200);
    site.database().forbid("insert", "sekisho_events");
    site.unchanged(|| {
        let response = site.register("bnew", "secret-123");
        assert!(matches!(response.status, 500 | 503), "{}", response.text());
        for args in [
            ["user", "disable", "anew", "--json"].as_slice(),
            &["user", "delete", "anew", "--yes"],
            &["item", "add", "--owner", "anew"],
        ] {
            assert_ne!(site.cli(args).code, Some(0), "{args:?}");
        }
        let set = site.cli_with(&["user", "set-password", "anew", "--password-stdin"], "another-123\n");
        assert_ne!(set.code, Some(0));
    });
    // A log-in stands: the seeds' hash is upgraded another time.
    assert_eq!(site.login("tim", "tim1234").status, 200);
    assert_eq!(site.login("anew", "secret-123").status, 200);
    site.database().allow("insert", "sekisho_events");
    assert_eq!(site.register("bnew", "secret-123").status, 200);
}
