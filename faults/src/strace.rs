//! strace: at work on a running server, and let go of it again.

use crate::server::signal;
use rustix::process::Signal;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// How every trace is written: threads followed, descriptors named, all bytes in hexadecimal, none cut off.
const STYLE: [&str; 8] = ["-f", "-y", "-xx", "-s", "70000", "-e", "signal=none", "-o"];

/// A tracer that holds on to a running process.
pub(crate) struct Strace(Child);

impl Strace {
    /// Attaches with further arguments; returns when every call from now on is seen.
    pub(crate) fn attach<T: AsRef<str>>(pid: u32, args: &[T], file: &Path) -> Result<Strace, String> {
        let mut strace = Command::new("strace");
        strace.args(STYLE).arg(file).args(args.iter().map(AsRef::as_ref)).args(["-p", &pid.to_string()]);
        let mut strace = strace.stderr(Stdio::piped()).spawn().map_err(|error| format!("strace: {error}"))?;
        let said = strace.stderr.take().ok_or("strace: no stderr")?;
        let mut said = BufReader::new(said).lines().map_while(Result::ok);
        let attached = said.by_ref().find(|line| line.contains("attached"));
        attached.ok_or("strace could not attach to the server")?;
        // Kept read, so that strace never waits for a full pipe.
        std::thread::spawn(move || said.for_each(drop));
        Ok(Strace(strace))
    }

    /// Lets go of a process that goes on.
    pub(crate) fn detach(mut self) -> Result<(), String> {
        signal(self.0.id(), Signal::TERM)?;
        self.wait()
    }

    /// Waits for the last line, after the process is gone.
    pub(crate) fn finish(mut self) -> Result<(), String> {
        self.wait()
    }

    fn wait(&mut self) -> Result<(), String> {
        self.0.wait().map(drop).map_err(|error| format!("strace: {error}"))
    }
}

/// The words before a program that is traced from its first instruction on.
pub(crate) fn words<T: AsRef<str>>(args: &[T], file: &Path) -> Vec<String> {
    let mut words = vec!["strace".to_owned()];
    words.extend(STYLE.map(str::to_owned));
    words.push(file.display().to_string());
    words.extend(args.iter().map(|arg| arg.as_ref().to_owned()));
    words.push("--".to_owned());
    words
}
