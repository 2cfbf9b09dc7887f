//! `sekisho user import`: users from elsewhere, beside a running server.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Stdio;

use rustix::fs::{OFlags, fcntl_setfl};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::{Value, json};

use crate::harness::{Ran, Scratch, Setup, Site, start};

/// Of `tim1234`, as the seeds print it.
const TIM: &str = "$2b$12$2Ss8aodwv5mZjR1Ofee86.OgtdlekDXCtdB6xH.l/nUMd9K73tmXa";

pub(super) fn site() -> Site {
    let site = Setup::new().start();
    site.unlogged(TIM);
    site
}

/// Writes a file into the site's folder, from where the commands run.
pub(super) fn file(site: &Site, name: &str, text: &str) -> PathBuf {
    let path = site.folder().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// That many users of another system, each with a hash.
pub(super) fn many(range: std::ops::Range<u32>) -> String {
    range.fold(String::new(), |mut text, n| {
        let name = n.wrapping_mul(2_654_435_761);
        let row = json!({
            "external_id": n, "username": format!("user-{name:08x}"), "email": format!("{name:08x}@example.com"),
            "full_name": format!("User {n}"), "password_hash": TIM,
        });
        writeln!(text, "{row}").unwrap();
        text
    })
}

fn json_of(ran: &Ran) -> Value {
    serde_json::from_str(ran.stdout.trim()).unwrap_or_else(|_| panic!("{ran:?}"))
}

#[test]
fn a_csv_of_another_system_logs_in_at_once() {
    let site = site();
    let csv = format!(
        "id,Username,Email,hashed_password,is_active,phone\r\n\
         7,tim,tim@gmail.com,{TIM},true,\"+49, \"\"30\"\"\"\r\n8,ann,ann@example.com,{TIM},0,\r\n"
    );
    file(&site, "users.csv", &csv);
    let ran = site.cli(&["user", "import", "users.csv"]).ok();
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("imported 2 users\n", ""));
    assert_eq!(site.me(&site.token("tim", "tim1234")).json()["username"], "tim");
    assert_eq!(site.login("TIM@gmail.com", "tim1234").status, 200);
    assert_eq!(site.login("ann", "tim1234").status, 401, "she is not active");
    let shown = site.cli(&["user", "show", "tim", "--json"]).ok().json();
    assert_eq!(shown["external_id"], "7");
    let extra = site.database().text("select extra from sekisho_users where username = 'tim'");
    assert_eq!(extra, "{\"phone\":\"+49, \\\"30\\\"\"}");
    assert_eq!(site.database().number("select count(*) from sekisho_events where kind = 'user_imported'"), 2);
}

#[test]
fn a32_rows_that_are_refused_are_named_and_the_others_are_there_whole() {
    let site = start();
    site.unlogged("canary-secret");
    let rows = [
        json!({"username": "ann", "email": "ann@example.com", "password_hash": TIM}),
        json!({"username": "bob", "password_hash": "canary-secret"}),
        json!({"username": "TIM", "email": "other@example.com"}),
        json!({"username": "tom", "email": "Tim@gmail.com"}),
        json!({"username": "ANN", "email": "two@example.com"}),
        json!({"username": "tim@gmail.com", "email": "three@example.com"}),
        json!({"username": "col", "items": [1]}),
        json!({"full_name": "Nobody"}),
        json!({"username": "eve", "passwd": "canary-secret"}),
    ];
    let mut text = rows.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    text.push_str("\n{\"username\": \"cut");
    file(&site, "users.jsonl", &text);
    let refused = "\
line 2: password_hash: The stored password hash is of an unknown scheme. (hash_scheme_unknown)
line 3: username: is in use (username_taken)
line 4: email: is in use (email_taken)
line 5: username: is in use (username_taken)
line 6: username: is the address of another user (username_taken)
line 7: items: 1 is that of another user (identity_taken)
line 8: neither a username nor an email (fields_invalid)
line 9: passwd: is named like a secret and is not known: a hash is password_hash; if it is none, put it into extra (fields_invalid)
line 10: not JSON: Unterminated string starting at (character 13) (fields_invalid)
";
    let told = |ran: Ran, last: &str| {
        let words =
            refused.replace("line 5: username: is in use", "line 5: username: is that of an earlier row");
        let expected = if last.starts_with("would") { &words } else { refused };
        assert_eq!(
            (ran.code, ran.stdout, ran.stderr),
            (Some(1), format!("{expected}{last}\n"), String::new())
        );
    };
    let dry = site.unchanged(|| site.cli(&["user", "import", "users.jsonl", "--dry-run"]));
    told(dry, "would import 1 user; 9 refused");
    told(site.cli(&["user", "import", "users.jsonl"]), "imported 1 user; 9 refused");
    let again = site.cli(&["user", "import", "users.jsonl", "--report", "report.jsonl"]);
    told(again, "imported 0 users; 1 here already; 9 refused");
    assert_eq!(site.database().number("select count(*) from sekisho_users"), 2, "tim and ann");
    assert_eq!(site.database().number("select count(*) from sekisho_credentials"), 2);

    let report = std::fs::read_to_string(site.folder().join("report.jsonl")).unwrap();
    let lines: Vec<Value> = report.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 9);
    assert_eq!(
        lines[1],
        json!({"line": 3, "result": "refused", "error": "username_taken", "message": "username: is in use"})
    );
    assert!(!report.contains("canary-secret"));
    let kept = site.cli(&["user", "import", "users.jsonl", "--report", "report.jsonl"]);
    assert_eq!(kept.stderr, "sekisho: report.jsonl is there already: --force replaces it\n");
}

#[test]
fn who_is_here_already_is_left_as_they_are() {
    let site = site();
    let row = json!({"id": "0199f0a2-6c1e-7777-b777-777777777777", "username": "ann", "password_hash": TIM,
        "email": "ann@example.com", "full_name": "Ann", "token_version": 0});
    file(&site, "one.jsonl", &row.to_string());
    site.cli(&["user", "import", "one.jsonl"]).ok();
    // The server makes the hash anew, and a new password raises the version: neither is undone by the old file.
    assert_eq!(site.login("ann", "tim1234").status, 200);
    assert_eq!(site.cli(&["user", "import", "one.jsonl"]).ok().stdout, "imported 0 users; 1 here already\n");
    let new = "nine slow otters swim";
    site.secret(new);
    site.cli_with(&["user", "set-password", "ann", "--password-stdin"], new).ok();
    let mut other = row.clone();
    other["full_name"] = json!("Ann of the file");
    other["disabled"] = json!(true);
    file(&site, "other.jsonl", &other.to_string());
    let ran = site.unchanged(|| site.cli(&["user", "import", "other.jsonl", "--report", "r.jsonl"]).ok());
    assert_eq!(ran.stdout, "imported 0 users; 1 here already and different, left as they are\n");
    let report = std::fs::read_to_string(site.folder().join("r.jsonl")).unwrap();
    assert_eq!(report, "{\"differs\":[\"full_name\",\"disabled\"],\"line\":1,\"result\":\"kept\"}\n");
    assert_eq!(site.login("ann", new).status, 200);

    site.cli(&["user", "delete", "ann", "--yes"]).ok();
    let ran = site.cli(&["user", "import", "one.jsonl"]);
    assert_eq!(
        (ran.code, ran.stdout.lines().next()),
        (Some(1), Some("line 1: id: was that of a user who was deleted here (identity_taken)"))
    );
}

#[test]
fn a_trial_foretells_what_the_import_does_and_makes_no_database() {
    let scratch = Scratch::new();
    let text = format!(
        "{}{}{}\n",
        many(0..1500),
        many(3..4),
        json!({"username": "user-00000000", "email": "x@x.org"})
    );
    std::fs::write(scratch.path().join("users.jsonl"), text).unwrap();
    let run = |args: &[&str]| {
        let mut command = Setup::new().command(scratch.path(), "user");
        command.args(["import", "users.jsonl", "--json"]).args(args);
        Ran::of(command, "")
    };
    let unmade = json_of(&run(&["--dry-run"]));
    assert!(!scratch.path().join("data").exists());

    let mut list = Setup::new().command(scratch.path(), "user");
    list.args(["add", "first", "--email", "first@example.com", "--password-stdin"]);
    Ran::of(list, "seven grey herons wade").ok();
    let foretold = json_of(&run(&["--dry-run"]));
    assert_eq!(
        foretold,
        json!({
            "dry_run": true, "imported": 1500, "unchanged": 1, "kept": 0, "refused": 1, "without_password": 0,
            "refusals": [{"line": 1502, "result": "refused", "error": "username_taken",
                "message": "username: is that of an earlier row"}],
        })
    );
    assert_eq!(unmade, foretold);
    let done = json_of(&run(&[]));
    assert_eq!(
        (&done["imported"], &done["unchanged"], &done["refused"]),
        (&json!(1500), &json!(1), &json!(1))
    );
}

#[test]
fn the_first_users_may_come_from_standard_input_before_the_first_start() {
    let scratch = Scratch::new();
    let mut command = Setup::new().command(scratch.path(), "user");
    command.args(["import", "-"]);
    let ran = Ran::of(command, "{\"email\":\"ann@example.com\"}\n").ok();
    assert_eq!(ran.stdout, "imported 1 user (1 without a password)\n");
    let site = Setup::new().start_in(scratch);
    assert_eq!(
        site.cli(&["user", "show", "ann@example.com", "--json"]).ok().json()["username"],
        "ann@example.com"
    );
    assert_eq!(site.login("ann@example.com", "tim1234").status, 401);
}

#[test]
fn what_is_no_file_of_users_is_refused_as_a_whole() {
    let site = site();
    for (name, text, code, error) in [
        (
            "a.jsonl",
            "{\"format\":\"sekisho-users\",\"version\":2}\n{\"username\":\"a\"}\n",
            1,
            "a.jsonl: line 1: version: 2 of the format is not known, this program reads 1: use a newer one",
        ),
        (
            "b.csv",
            "a,b\n1,2\n",
            1,
            "b.csv: line 1: no column is named username or email: the first line names the columns",
        ),
        (
            "c.csv",
            "username,api_token\na,b\n",
            1,
            "c.csv: line 1: api_token: is named like a secret and is not known: a hash is password_hash",
        ),
        (
            "d.json",
            "[]",
            2,
            "a .json file may be one JSON document: make it one object a line (jq -c '.[]'), or say --format jsonl",
        ),
        ("e", "", 2, "the name does not end in .jsonl, .ndjson or .csv: say --format"),
    ] {
        file(&site, name, text);
        let ran = site.unchanged(|| site.cli(&["user", "import", name]));
        assert_eq!(
            (ran.code, ran.stdout.as_str(), ran.stderr),
            (Some(code), "", format!("sekisho: {error}\n"))
        );
    }
    let ran = site.cli(&["user", "import", "nothing.csv"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.starts_with("sekisho: cannot read nothing.csv: "), "{}", ran.stderr);
}

#[test]
fn l03_a_report_is_its_owners_alone() {
    let site = site();
    file(&site, "users.jsonl", "x\n");
    site.cli(&["user", "import", "users.jsonl", "--report", "r.jsonl"]);
    let mode = std::fs::metadata(site.folder().join("r.jsonl")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_terminal_shows_how_far_it_is_and_a_file_does_not() {
    let site = site();
    file(&site, "users.jsonl", &many(0..300));
    let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&keyboard).unwrap();
    unlockpt(&keyboard).unwrap();
    let name = ptsname(&keyboard, Vec::new()).unwrap().into_string().unwrap();
    let terminal = OpenOptions::new().read(true).write(true).open(name).unwrap();
    let mut command = Setup::new().command(site.folder(), "user");
    command.args(["import", "users.jsonl"]).stdin(Stdio::null()).stdout(Stdio::null());
    // The terminal stays open here, so that what was shown can be read when the command is gone.
    assert!(command.stderr(terminal.try_clone().unwrap()).status().unwrap().success());
    fcntl_setfl(&keyboard, OFlags::NONBLOCK).unwrap();
    let mut shown = Vec::new();
    let _ = File::from(keyboard).read_to_end(&mut shown);
    let shown = String::from_utf8_lossy(&shown).into_owned();
    assert!(shown.contains("[########################] 100 % 300 rows, "), "{shown:?}");
    assert!(shown.ends_with("\r\u{1b}[K"), "the line goes away: {shown:?}");
    assert_eq!(site.cli(&["user", "import", "users.jsonl"]).ok().stderr, "");
}

#[test]
fn a_version_of_tokens_leaves_room_for_the_next_and_a_header_has_an_end() {
    let site = site();
    file(
        &site,
        "users.jsonl",
        &format!(
            "{}\n{}\n",
            json!({"username": "tim", "password_hash": TIM, "token_version": 1_i64 << 53}),
            json!({"username": "eve", "password_hash": TIM, "token_version": i64::MAX}),
        ),
    );
    let ran = site.cli(&["user", "import", "users.jsonl"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let told = format!("{}{}", ran.stdout, ran.stderr);
    assert!(told.contains("token_version: must be a whole number from 0 to 9007199254740992"), "{told}");
    site.cli_with(&["user", "set-password", "tim", "--password-stdin"], "seven grey herons wade").ok();
    assert_eq!(site.login("tim", "seven grey herons wade").status, 200);

    let header = (0..120_000).fold("username".to_owned(), |text, n| text + &format!(",c{n}"));
    file(&site, "wide.csv", &format!("{header}\n"));
    let ran = site.cli(&["user", "import", "wide.csv"]);
    assert_ne!(ran.code, Some(0), "{ran:?}");
    let told = format!("{}{}", ran.stdout, ran.stderr);
    assert!(told.contains("more than 20000 columns") && told.len() < 500, "{told}");
}
