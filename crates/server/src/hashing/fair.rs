//! Who is admitted and who is next: a queue of queues, keyed by address. Arithmetic only, no threads.

use std::collections::{HashMap, VecDeque};

use crate::address::AddressKey;

/// Of one account, one hash runs and four wait.
pub(super) const PER_ACCOUNT: usize = 5;

/// An account by a keyed hash of its name: two that share one share a limit, which harms nobody.
pub(super) type AccountKey = u64;

/// Whose slot it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Owner {
    pub(super) account: AccountKey,
    pub(super) address: AddressKey,
}

/// A job that waits for its turn.
struct Waiting<J> {
    ticket: u64,
    account: AccountKey,
    job: J,
}

struct Line<J> {
    /// Slots held: admitted, waiting and running.
    held: usize,
    waiting: VecDeque<Waiting<J>>,
}

#[derive(Default)]
struct Account {
    held: usize,
    running: bool,
}

/// The slots of the lane and the lines before it.
pub(super) struct Fair<J> {
    slots: usize,
    held: usize,
    running: usize,
    tickets: u64,
    accounts: HashMap<AccountKey, Account>,
    lines: HashMap<AddressKey, Line<J>>,
    /// The addresses with a line, in the order of their turns.
    turns: VecDeque<AddressKey>,
}

impl<J> Fair<J> {
    /// An empty lane of so many slots, running and waiting together.
    pub(super) fn new(slots: usize) -> Fair<J> {
        Fair {
            slots,
            held: 0,
            running: 0,
            tickets: 0,
            accounts: HashMap::new(),
            lines: HashMap::new(),
            turns: VecDeque::new(),
        }
    }

    /// Takes a slot; `None`: there is no room. `Some(Some(job))`: this job had to make room and must be told.
    pub(super) fn admit(&mut self, owner: Owner) -> Option<Option<J>> {
        let displaced =
            if self.accounts.get(&owner.account).is_some_and(|account| account.held >= PER_ACCOUNT) {
                Some(self.displace_of_account(owner)?)
            } else if self.held >= self.slots {
                Some(self.displace(owner.address)?)
            } else {
                None
            };
        self.held += 1;
        self.accounts.entry(owner.account).or_default().held += 1;
        let line = self.lines.entry(owner.address).or_insert(Line { held: 0, waiting: VecDeque::new() });
        line.held += 1;
        Some(displaced)
    }

    /// Puts the job of an admitted owner into its line; the ticket takes it out again.
    pub(super) fn enqueue(&mut self, owner: Owner, job: J) -> u64 {
        self.tickets += 1;
        let ticket = self.tickets;
        if let Some(line) = self.lines.get_mut(&owner.address) {
            if line.waiting.is_empty() {
                self.turns.push_back(owner.address);
            }
            line.waiting.push_back(Waiting { ticket, account: owner.account, job });
        }
        ticket
    }

    /// The next job to run: the first of the next address in turn whose account does not run already.
    pub(super) fn next(&mut self) -> Option<(Owner, J)> {
        for _ in 0..self.turns.len() {
            let address = self.turns.pop_front()?;
            let line = self.lines.get_mut(&address)?;
            let idle = |waiting: &Waiting<J>| {
                self.accounts.get(&waiting.account).is_none_or(|account| !account.running)
            };
            let found = line.waiting.iter().position(idle).and_then(|at| line.waiting.remove(at));
            if !line.waiting.is_empty() {
                self.turns.push_back(address);
            }
            if let Some(Waiting { account, job, .. }) = found {
                self.accounts.entry(account).or_default().running = true;
                self.running += 1;
                return Some((Owner { account, address }, job));
            }
        }
        None
    }

    /// A running job has ended: its slot is free, its account may run again.
    pub(super) fn finish(&mut self, owner: Owner) {
        self.running -= 1;
        if let Some(account) = self.accounts.get_mut(&owner.account) {
            account.running = false;
        }
        self.leave(owner);
    }

    /// Gives back the slot of an owner that never enqueued a job, or whose job was taken out.
    pub(super) fn leave(&mut self, owner: Owner) {
        self.held -= 1;
        if let Some(account) = self.accounts.get_mut(&owner.account) {
            account.held -= 1;
            if account.held == 0 {
                self.accounts.remove(&owner.account);
            }
        }
        if let Some(line) = self.lines.get_mut(&owner.address) {
            line.held -= 1;
            if line.held == 0 {
                self.lines.remove(&owner.address);
            }
        }
    }

    /// Takes out a job that still waits, with its slot; `None`: it runs, or has ended.
    pub(super) fn withdraw(&mut self, owner: Owner, ticket: u64) -> Option<J> {
        let line = self.lines.get_mut(&owner.address)?;
        let at = line.waiting.iter().position(|waiting| waiting.ticket == ticket)?;
        Some(self.take_out(owner.address, at)?.job)
    }

    /// All jobs that wait, with their slots: the lane is closing.
    pub(super) fn drain(&mut self) -> Vec<J> {
        let mut jobs = Vec::new();
        while let Some(&address) = self.turns.front() {
            let Some(waiting) = self.take_out(address, 0) else { break };
            jobs.push(waiting.job);
        }
        jobs
    }

    /// How many jobs run, and how many wait.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.running, self.lines.values().map(|line| line.waiting.len()).sum())
    }

    /// Makes room for an address by taking the last out of the longest line, if that holds at least two more
    /// slots than the newcomer does: with less of a difference they would only push each other about.
    fn displace(&mut self, newcomer: AddressKey) -> Option<J> {
        let own = self.lines.get(&newcomer).map_or(0, |line| line.held);
        let (&address, longest) = self
            .lines
            .iter()
            .filter(|(_, line)| !line.waiting.is_empty())
            .max_by_key(|(_, line)| line.held)?;
        if longest.held < own + 2 {
            return None;
        }
        let last = longest.waiting.len() - 1;
        Some(self.take_out(address, last)?.job)
    }

    /// Makes room among an account's own slots, by the same measure: a stranger who keeps all of them busy from
    /// one address does not keep the owner out at another.
    fn displace_of_account(&mut self, newcomer: Owner) -> Option<J> {
        let waiting_at = |line: &Line<J>| {
            line.waiting.iter().filter(|waiting| waiting.account == newcomer.account).count()
        };
        let own = self.lines.get(&newcomer.address).map_or(0, waiting_at);
        let (&address, longest) = self.lines.iter().max_by_key(|(_, line)| waiting_at(line))?;
        if waiting_at(longest) < own + 2 {
            return None;
        }
        let last = longest.waiting.iter().rposition(|waiting| waiting.account == newcomer.account)?;
        Some(self.take_out(address, last)?.job)
    }

    fn take_out(&mut self, address: AddressKey, at: usize) -> Option<Waiting<J>> {
        let line = self.lines.get_mut(&address)?;
        let waiting = line.waiting.remove(at)?;
        if line.waiting.is_empty() {
            self.turns.retain(|turn| *turn != address);
        }
        self.leave(Owner { account: waiting.account, address });
        Some(waiting)
    }
}
