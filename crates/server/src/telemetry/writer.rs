//! A thread that writes what the server says, so that nobody who speaks waits for whoever reads.
//!
//! A pipe that nobody empties, or a terminal that is held with Ctrl-S, makes a write wait without end. That must never be a
//! thread that serves: speaking is an append to a bounded buffer, and what finds no room in it is dropped and counted.

use super::sink::Sink;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many bytes wait to be written; as many again may be with the thread.
const ROOM: usize = 1024 * 1024;

/// As much as a pipe takes in one piece (`PIPE_BUF`), so that whole lines stay whole beside another process's.
const PIECE: usize = 4096;

/// How long the thread rests when the other end is full and does not wait by itself.
const REST: Duration = Duration::from_millis(10);

/// One output and the thread that writes to it; clones share both, with the last of them and of their sinks it ends.
#[derive(Clone)]
pub struct Writer(Arc<Handle>);

/// Never held by the thread: its end is the thread's end.
struct Handle(Arc<Shared>);

struct Shared {
    room: usize,
    queue: Mutex<Queue>,
    /// All lines that found no room.
    dropped: AtomicU64,
    /// Notified when there is something to write, or the end.
    filled: Condvar,
    /// Notified when all is written.
    emptied: Condvar,
}

#[derive(Default)]
struct Queue {
    text: Vec<u8>,
    /// Lines dropped behind `text`.
    lost: u64,
    writing: bool,
    closed: bool,
}

impl Writer {
    /// Writes to standard output or standard error, past the locks that the standard library puts before them.
    ///
    /// `lost` words the line that says how many lines found no room.
    ///
    /// # Errors
    /// When the system has no descriptor or no thread to give.
    pub fn start(
        to: BorrowedFd<'_>,
        lost: impl Fn(u64) -> String + Send + 'static,
    ) -> std::io::Result<Writer> {
        Writer::with_room(File::from(to.try_clone_to_owned()?), ROOM, lost)
    }

    fn with_room(
        to: impl Write + Send + 'static,
        room: usize,
        lost: impl Fn(u64) -> String + Send + 'static,
    ) -> std::io::Result<Writer> {
        let shared = Arc::new(Shared {
            room,
            queue: Mutex::default(),
            dropped: AtomicU64::new(0),
            filled: Condvar::new(),
            emptied: Condvar::new(),
        });
        let own = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || own.write_until_closed(to, lost))?;
        Ok(Writer(Arc::new(Handle(shared))))
    }

    /// The way in. It returns at once, whatever the other end does.
    pub fn sink(&self) -> Sink {
        let handle = Arc::clone(&self.0);
        Arc::new(move |text| handle.0.push(text))
    }

    /// How many lines have found no room so far.
    pub fn dropped(&self) -> u64 {
        self.0.0.dropped.load(Relaxed)
    }

    /// Waits until all is written, for so long at most; whether it is.
    pub fn flush(&self, patience: Duration) -> bool {
        let shared = &self.0.0;
        let waited = shared.emptied.wait_timeout_while(shared.queue(), patience, |queue| !queue.is_idle());
        waited.unwrap_or_else(PoisonError::into_inner).0.is_idle()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.queue().closed = true;
        self.0.filled.notify_one();
    }
}

impl Queue {
    fn has_work(&self) -> bool {
        !self.text.is_empty() || self.lost > 0
    }

    fn is_idle(&self) -> bool {
        !self.has_work() && !self.writing
    }
}

impl Shared {
    fn push(&self, text: &str) {
        let mut queue = self.queue();
        // Behind a gap everything is part of the gap until it has been told.
        if queue.lost > 0 || queue.text.len() + text.len() > self.room {
            let lines = text.lines().count() as u64;
            queue.lost += lines;
            self.dropped.fetch_add(lines, Relaxed);
        } else {
            queue.text.extend_from_slice(text.as_bytes());
        }
        drop(queue);
        self.filled.notify_one();
    }

    fn write_until_closed(&self, mut to: impl Write, lost_line: impl Fn(u64) -> String) {
        let mut spare = Vec::new();
        loop {
            let mut queue = self.queue();
            while !queue.has_work() {
                queue.writing = false;
                self.emptied.notify_all();
                if queue.closed {
                    return;
                }
                queue = self.filled.wait(queue).unwrap_or_else(PoisonError::into_inner);
            }
            queue.writing = true;
            let mut text = std::mem::replace(&mut queue.text, spare);
            let lost = std::mem::take(&mut queue.lost);
            drop(queue);
            if lost > 0 {
                text.extend_from_slice(lost_line(lost).as_bytes());
            }
            pieces(&text).for_each(|piece| write(&mut to, piece));
            // A buffer that a stall has made large is not kept.
            spare = if text.capacity() > 16 * PIECE { Vec::new() } else { text };
            spare.clear();
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The text in pieces of whole lines, none longer than `PIECE` unless one line is.
fn pieces(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end_of_line = |byte: &u8| *byte == b'\n';
        let end = match rest.len() {
            0 => return None,
            1..=PIECE => rest.len(),
            _ => match rest[..PIECE].iter().rposition(end_of_line) {
                Some(at) => at + 1,
                None => rest.iter().position(end_of_line).map_or(rest.len(), |at| at + 1),
            },
        };
        let (piece, behind) = rest.split_at(end);
        rest = behind;
        Some(piece)
    })
}

/// Writes it whole; a reader that has gone away is not a reason to stop serving.
fn write(to: &mut impl Write, mut piece: &[u8]) {
    while !piece.is_empty() {
        match to.write(piece) {
            Ok(0) => return,
            Ok(written) => piece = &piece[written..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // Whoever shares the terminal or the pipe with us has made it so that it does not wait.
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(REST),
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, Sender, channel};

    const SOON: Duration = Duration::from_secs(20);

    /// An output whose every write waits for leave.
    struct Stalled {
        begun: Sender<()>,
        leave: Receiver<()>,
        paper: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Stalled {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.begun.send(()).unwrap();
            self.leave.recv().unwrap();
            self.paper.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn while_the_output_stalls_lines_are_kept_as_far_as_there_is_room_and_the_rest_is_counted() {
        let (begun, has_begun) = channel();
        let (go_on, leave) = channel();
        let paper = Arc::new(Mutex::new(Vec::new()));
        let to = Stalled { begun, leave, paper: Arc::clone(&paper) };
        let writer = Writer::with_room(to, 10, |lost| format!("{lost} lost\n")).unwrap();
        let say = writer.sink();
        say("first\n");
        has_begun.recv_timeout(SOON).unwrap();
        // The thread waits in its write from here on, and nobody with it.
        say("kept\n");
        say("too long\n");
        say("no\nno\n");
        assert!(!writer.flush(Duration::from_millis(20)), "nothing was written yet");
        assert_eq!(*paper.lock().unwrap(), b"");
        go_on.send(()).unwrap();
        go_on.send(()).unwrap();
        assert!(writer.flush(SOON));
        say("again\n");
        go_on.send(()).unwrap();
        assert!(writer.flush(SOON));
        assert_eq!(String::from_utf8_lossy(&paper.lock().unwrap()), "first\nkept\n3 lost\nagain\n");
        assert_eq!(writer.dropped(), 3);
    }

    #[test]
    fn lines_stay_whole() {
        let line = |length: usize| [vec![b'x'; length], vec![b'\n']].concat();
        let text = [line(3000), line(1000), line(94), line(1), line(9000), line(5)].concat();
        let lengths: Vec<_> = pieces(&text).map(<[u8]>::len).collect();
        assert_eq!(lengths, [3001 + 1001, 95 + 2, 9001, 6]);
        assert_eq!(pieces(b"no end").collect::<Vec<_>>(), [b"no end"]);
    }

    #[test]
    fn the_last_handle_ends_the_thread_when_all_is_written() {
        let (begun, has_begun) = channel();
        let (go_on, leave) = channel();
        let paper = Arc::new(Mutex::new(Vec::new()));
        let to = Stalled { begun, leave, paper: Arc::clone(&paper) };
        let writer = Writer::with_room(to, 100, |_| String::new()).unwrap();
        writer.sink()("last words\n");
        drop(writer);
        go_on.send(()).unwrap();
        has_begun.recv_timeout(SOON).unwrap();
        // The output is dropped with the thread.
        assert!(has_begun.recv_timeout(SOON).is_err());
        assert_eq!(*paper.lock().unwrap(), b"last words\n");
    }
}
