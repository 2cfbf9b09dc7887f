//! Passwords asked for at a terminal.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::process::{Child, Stdio};

use rustix::fs::{OFlags, fcntl_setfl};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

use crate::harness::{Setup, Site};

const PASSWORD: &str = "seven grey herons wade";

/// A person at a terminal.
struct Person {
    keyboard: File,
    terminal: File,
    child: Child,
}

impl Person {
    fn runs(site: &Site, args: &[&str]) -> Person {
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&keyboard).unwrap();
        unlockpt(&keyboard).unwrap();
        let name = ptsname(&keyboard, Vec::new()).unwrap().into_string().unwrap();
        let terminal = OpenOptions::new().read(true).write(true).open(name).unwrap();
        let mut command = Setup::new().command(site.folder(), "user");
        command.args(args).stdin(terminal.try_clone().unwrap());
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        Person { keyboard: File::from(keyboard), terminal, child }
    }

    /// Types once the question stands there, not before.
    fn types(&mut self, question: &str, keys: &str) {
        let mut said = Vec::new();
        let mut byte = [0];
        let stderr = self.child.stderr.as_mut().unwrap();
        while !said.ends_with(question.as_bytes()) {
            assert_eq!(stderr.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&said));
            said.push(byte[0]);
        }
        // The question is written just before the terminal is quiet.
        crate::harness::until("a quiet terminal", || (!self.echoes()).then_some(()));
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    fn echoes(&self) -> bool {
        tcgetattr(&self.terminal).unwrap().local_modes.contains(LocalModes::ECHO | LocalModes::ISIG)
    }

    /// The exit code, and all that the terminal showed of what was typed.
    fn ends(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        assert!(self.echoes(), "the terminal shows again what is typed");
        fcntl_setfl(&self.keyboard, OFlags::NONBLOCK).unwrap();
        let mut shown = Vec::new();
        let _ = self.keyboard.read_to_end(&mut shown);
        (code, String::from_utf8_lossy(&shown).into_owned())
    }
}

#[test]
fn a_password_is_asked_for_twice_and_never_shown() {
    let site = Setup::new().start();
    let mut person = Person::runs(&site, &["add", "ann", "--email", "ann@example.com"]);
    // With a slip of the finger, taken back.
    person.types("New password: ", &format!("{PASSWORD}x\u{7f}\n"));
    person.types("Once more: ", &format!("{PASSWORD}\n"));
    assert_eq!(person.ends(), (Some(0), String::new()));
    assert_eq!(site.me(&site.token("ann", PASSWORD)).status, 200);
}

#[test]
fn two_passwords_that_differ_change_nothing() {
    let site = Setup::new().start();
    let mut person = Person::runs(&site, &["add", "ann", "--email", "ann@example.com"]);
    person.types("New password: ", &format!("{PASSWORD}\n"));
    person.types("Once more: ", "nine slow otters swim\n");
    assert_eq!(person.ends().0, Some(1));
    assert_eq!(site.cli(&["user", "show", "ann"]).code, Some(1));
}

#[test]
fn ctrl_c_leaves_a_terminal_that_works() {
    let site = Setup::new().start();
    let mut person = Person::runs(&site, &["add", "ann", "--email", "ann@example.com"]);
    person.types("New password: ", "sev\u{3}");
    assert_eq!(person.ends(), (Some(1), String::new()));
}
