//! One thread of the generator.

use std::{
    io::ErrorKind,
    sync::Barrier,
    time::{Duration, Instant},
};

use anyhow::Result;
use mio::{Events, Interest, Poll, Token};

use super::{
    connection::{Connection, Received},
    draw::Draw,
    group::{Group, Outcome, Window},
};

/// How long the last answers may take after the window.
const GRACE: Duration = Duration::from_secs(60);

/// Drives one thread's share of a group's connections.
pub(super) fn drive(group: &Group<'_>, thread: usize, start: &Barrier, window: Window) -> Result<Outcome> {
    let share = (thread..group.connections).step_by(group.threads);
    let opened: Result<Vec<Connection>> =
        share.map(|number| Connection::open(group.target, number)).collect();
    start.wait();
    let mut worker = Worker {
        group,
        poll: Poll::new()?,
        connections: opened?,
        draw: Draw::new(thread as u64 + 1),
        space: Vec::new(),
        waiting: 0,
        start: Instant::now(),
        window,
        outcome: Outcome { window: window.measure, ..Outcome::default() },
    };
    worker.run()?;
    Ok(worker.outcome)
}

struct Worker<'a> {
    group: &'a Group<'a>,
    poll: Poll,
    connections: Vec<Connection>,
    draw: Draw,
    space: Vec<u8>,
    /// Connections with a request on its way.
    waiting: usize,
    start: Instant,
    window: Window,
    outcome: Outcome,
}

impl Worker<'_> {
    fn run(&mut self) -> Result<()> {
        for index in 0..self.connections.len() {
            self.register(index)?;
            self.ask(index, Instant::now())?;
        }
        let end = self.start + self.window.end();
        let mut events = Events::with_capacity(256);
        while self.waiting > 0 {
            let patience = (end + GRACE).saturating_duration_since(Instant::now());
            if patience.is_zero() {
                break;
            }
            match self.poll.poll(&mut events, Some(patience)) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                other => other?,
            }
            for event in &events {
                self.take(event.token().0, end)?;
            }
        }
        self.outcome.unanswered = self.waiting as u64;
        Ok(())
    }

    fn register(&mut self, index: usize) -> Result<()> {
        let stream = &mut self.connections[index].stream;
        self.poll.registry().register(stream, Token(index), Interest::READABLE)?;
        Ok(())
    }

    fn ask(&mut self, index: usize, now: Instant) -> Result<()> {
        let request = self.group.requests.next(&mut self.draw, &mut self.space);
        self.waiting += 1;
        if self.connections[index].send(request, now).is_err() {
            self.broke(index, now)?;
        }
        Ok(())
    }

    fn take(&mut self, index: usize, end: Instant) -> Result<()> {
        let connection = &mut self.connections[index];
        if !connection.waiting {
            return Ok(()); // the server closed it after the last answer
        }
        let received = connection.receive();
        let now = Instant::now();
        match received {
            Received::Nothing => return Ok(()),
            Received::Broken => return self.broke(index, now),
            Received::Answer(status) => {
                connection.waiting = false;
                self.waiting -= 1;
                self.outcome.all += 1;
                self.outcome.last = now - self.start;
                if status != self.group.expect {
                    *self.outcome.other.entry(status).or_default() += 1;
                }
                if self.group.once || self.window.counts(self.start, now) {
                    if status == self.group.expect {
                        self.outcome.answered += 1;
                    }
                    self.outcome.latency.record(now - connection.sent_at);
                }
            }
        }
        if now < end && !self.group.once {
            self.ask(index, now)?;
        }
        Ok(())
    }

    /// A broken connection is replaced, and its request counted as lost; one that breaks again and
    /// again ends with the window.
    fn broke(&mut self, index: usize, now: Instant) -> Result<()> {
        self.connections[index].waiting = false;
        self.waiting -= 1;
        self.outcome.broken += 1;
        if self.group.once || now > self.start + self.window.end() {
            return Ok(());
        }
        let number = index * self.group.threads;
        self.connections[index] = Connection::open(self.group.target, number)?;
        self.register(index)?;
        self.ask(index, now)
    }
}
