//! Reading what must not stand on a command line: passwords and tokens.

use super::exit::Stop;
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use sekisho_core::SecretString;
use std::io::{BufRead as _, IsTerminal as _, Read as _, Write as _};
use zeroize::Zeroizing;

/// The longest thing that is read: more than any password or token may be.
const LONGEST: u64 = 64 * 1024;

/// Asks twice for a new password without showing it, or reads one line of standard input.
pub(super) fn new_password(from_stdin: bool) -> Result<SecretString, Stop> {
    if from_stdin {
        return stdin_line("a password");
    }
    if !std::io::stdin().is_terminal() {
        return Err(Stop::usage("no terminal to ask for a password: pass it with --password-stdin"));
    }
    let first = ask("New password: ")?;
    let second = ask("Once more: ")?;
    if *first != *second {
        return Err(Stop::refused("the two passwords differ"));
    }
    Ok(SecretString::new(first.to_string()))
}

/// Reads the first line of standard input, without its line end; `what` names it in an error.
pub(super) fn stdin_line(what: &str) -> Result<SecretString, Stop> {
    let mut bytes = Zeroizing::new(Vec::new());
    let stdin = std::io::stdin().lock();
    stdin
        .take(LONGEST)
        .read_until(b'\n', &mut bytes)
        .map_err(|error| Stop::usage(format!("cannot read {what} from standard input: {error}")))?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Stop::usage(format!("standard input: {what} is UTF-8 text on one line")))?;
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        return Err(Stop::usage(format!(
            "standard input holds no {what}",
            what = what.trim_start_matches("a ")
        )));
    }
    Ok(SecretString::new(line.to_owned()))
}

/// Asks for a yes at the terminal; without one, only `--yes` will do.
pub(super) fn confirmed(question: &str, yes: bool) -> Result<(), Stop> {
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(Stop::usage("no terminal to ask: say --yes"));
    }
    eprint!("{question} [y/N] ");
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    let _ = std::io::stdin().read_line(&mut answer);
    if matches!(answer.trim(), "y" | "Y" | "yes") { Ok(()) } else { Err(Stop::refused("left as it was")) }
}

/// Restores the terminal however the reading ends.
struct Hidden(Termios);

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Flush, &self.0);
        eprintln!();
    }
}

/// Reads one line with echo off. Keys arrive one by one and signals are off too, so that Ctrl-C cannot leave a terminal
/// behind that shows nothing.
fn ask(prompt: &str) -> Result<Zeroizing<String>, Stop> {
    let unreadable = |error: std::io::Error| Stop::usage(format!("cannot read from the terminal: {error}"));
    let before = tcgetattr(std::io::stdin()).map_err(|e| unreadable(e.into()))?;
    let mut quiet = before.clone();
    quiet.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
    quiet.special_codes[SpecialCodeIndex::VMIN] = 1;
    quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
    eprint!("{prompt}");
    let _ = std::io::stderr().flush();
    let restore = Hidden(before);
    tcsetattr(std::io::stdin(), OptionalActions::Flush, &quiet).map_err(|e| unreadable(e.into()))?;

    let mut typed = Zeroizing::new(Vec::<u8>::with_capacity(256));
    let mut stdin = std::io::stdin().lock();
    loop {
        let mut key = [0u8; 1];
        match stdin.read(&mut key).map_err(unreadable)? {
            0 => break,
            _ => match key[0] {
                b'\r' | b'\n' => break,
                0x03 | 0x04 => return Err(Stop::refused("nothing was changed")),
                0x15 => typed.clear(),
                0x08 | 0x7f => while typed.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {},
                byte => typed.push(byte),
            },
        }
    }
    drop(restore);
    let text = std::str::from_utf8(&typed).map_err(|_| Stop::refused("the password is not UTF-8"))?;
    Ok(Zeroizing::new(text.to_owned()))
}
