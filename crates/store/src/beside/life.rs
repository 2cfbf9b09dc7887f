//! A user's whole life in steps, gone through in a trial and undone: what the application's table must take.

use sekisho_core::beside::{NOBODYS_HASH, Passwords, Table};
use sekisho_core::id::UserId;

use crate::error::Error;
use crate::value::Param;

/// A step of the trial that the application's table did not take.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TrialFailure {
    /// What was tried: `adding a user`.
    pub step: &'static str,
    /// Why it failed, in the database's words; it names columns and constraints, no value.
    pub reason: String,
}

/// A step: what it is, what is run, and what must be true of the application's row then.
pub(crate) struct Step {
    pub(crate) what: &'static str,
    /// Statements of the house dialect, whose first parameter is the user's id.
    pub(crate) run: Vec<(&'static str, Vec<Said>)>,
    pub(crate) user: UserId,
    pub(crate) expected: Vec<Shown>,
}

/// A parameter.
pub(crate) enum Said {
    Null,
    Int(i64),
    Text(String),
}

/// What the application's row must show.
#[derive(PartialEq, Eq)]
pub(crate) enum Shown {
    Username(String),
    Email(String),
    FullName(String),
    Hash(String),
    /// Whether the column for it says that the user may not enter.
    Disabled(bool),
}

impl Step {
    /// The parameters of one of its statements.
    pub(crate) fn params<'a>(&self, said: &'a [Said]) -> Vec<Param<'a>> {
        let said = said.iter().map(|said| match said {
            Said::Null => Param::Null,
            Said::Int(number) => Param::Int(*number),
            Said::Text(text) => Param::Text(text),
        });
        [self.user.into()].into_iter().chain(said).collect()
    }

    /// The failure, where an error says that the table does not take it; any other error.
    pub(crate) fn refused(&self, error: Error) -> Result<TrialFailure, Error> {
        let reason = match error {
            Error::Taken { what } => {
                format!("{what} must differ from row to row, and another row has the same")
            }
            Error::Constraint { what } | Error::Misuse { reason: what } => what,
            error => return Err(error),
        };
        Ok(TrialFailure { step: self.what, reason })
    }

    /// The failure where the row shows something else.
    pub(crate) fn not_shown(&self, table: &Table) -> TrialFailure {
        let reason = format!("table {} does not show it: has it triggers of its own?", table.called());
        TrialFailure { step: self.what, reason }
    }
}

/// The lives of two users, for which 32 hexadecimal digits were drawn.
///
/// The second user shows whether a value that is the same for all breaks a unique constraint.
pub(crate) fn lives(table: &Table, drawn: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for (what, digit) in [("adding a user", 1), ("adding a second user", 2)] {
        steps.extend(life(table, what, user(drawn, digit), &format!("{}{digit}", part(drawn))));
    }
    steps.extend([1, 2].map(|digit| deletion(user(drawn, digit))));
    steps
}

/// As much as the shortest columns of names take.
fn part(drawn: &str) -> &str {
    drawn.get(..9).unwrap_or(drawn)
}

fn user(drawn: &str, digit: u8) -> UserId {
    let mut bytes = [digit; 16];
    for (byte, at) in bytes.iter_mut().zip((0..30).step_by(2)) {
        *byte = drawn.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()).unwrap_or(0);
    }
    UserId::from_bytes(bytes)
}

fn life(table: &Table, adding: &'static str, user: UserId, nonce: &str) -> Vec<Step> {
    let (first, second) = (format!("trial-{nonce}"), format!("trial-{nonce}-b"));
    let mail = |who: &str| format!("{who}@trial.example");
    let text = |text: &str| Said::Text(text.to_owned());
    // Not of anybody: a salt of its own tells it from the one that bars a log-in.
    let hash = NOBODYS_HASH.replacen("....", "aaaa", 1);
    let there = match table.passwords {
        Passwords::Kept => hash.clone(),
        Passwords::Withheld => NOBODYS_HASH.to_owned(),
    };
    let barred = |yes: bool| match (&table.disabled, yes) {
        (Some(_), yes) => Shown::Disabled(yes),
        // Without a column for it, whoever may not enter has no hash there.
        (None, true) => Shown::Hash(NOBODYS_HASH.to_owned()),
        (None, false) => Shown::Hash(there.clone()),
    };
    let step = |what, run, expected| Step { what, run, user, expected };
    let add = vec![
        (
            "insert into sekisho_users (id, username, email, token_version, created_at, updated_at) \
             values ($1, $2, $3, 0, 0, 0)",
            vec![text(&first), Said::Text(mail(&first))],
        ),
        (
            "insert into sekisho_credentials (user_id, kind, scheme, cost, data, created_at, updated_at) \
             values ($1, 'password', 'bcrypt', '12', $2, 0, 0)",
            vec![text(&hash)],
        ),
    ];
    let added = vec![
        Shown::Username(first.clone()),
        Shown::Email(mail(&first)),
        Shown::Hash(there.clone()),
        barred(false),
    ];
    let disable = |at| vec![("update sekisho_users set disabled_at = $2 where id = $1", vec![at])];
    vec![
        step(adding, add, added),
        step(
            "changing a username",
            vec![("update sekisho_users set username = $2 where id = $1", vec![text(&second)])],
            vec![Shown::Username(second.clone())],
        ),
        step(
            "changing an address",
            vec![("update sekisho_users set email = $2 where id = $1", vec![Said::Text(mail(&second))])],
            vec![Shown::Email(mail(&second))],
        ),
        step(
            "changing a full name",
            vec![("update sekisho_users set full_name = $2 where id = $1", vec![text("Trial")])],
            vec![Shown::FullName("Trial".to_owned())],
        ),
        step("disabling a user", disable(Said::Int(1)), vec![barred(true)]),
        step("enabling a user", disable(Said::Null), vec![barred(false)]),
    ]
}

fn deletion(user: UserId) -> Step {
    let run = vec![
        (
            "update sekisho_users set email = null, full_name = null, external_id = null, disabled_at = null, \
             released_at = 1 where id = $1",
            Vec::new(),
        ),
        ("delete from sekisho_credentials where user_id = $1", Vec::new()),
    ];
    Step { what: "deleting a user", run, user, expected: vec![Shown::Hash(NOBODYS_HASH.to_owned())] }
}
