//! What the servers do by themselves, once among all of them: who has which job, until when, and how it went.
//!
//! Whoever takes a job has it until a moment, the end of its lease, and moves that on in each transaction of the job's work: so
//! no transaction of somebody who has lost the job is committed, however long the process stood still. All times are those
//! of one clock, [`Read::clock`].

use sekisho_core::time::Timestamp;

use crate::error::Error;
use crate::session::{Read, Tx};
use crate::statement::statements;
use crate::value::Row;

statements! {
    ENTER(Text, Int) =
        "insert into sekisho_jobs (name, due_at, runs, failures) values ($1, $2, 0, 0) on conflict (name) do nothing";
    TAKE(Text, Text, Int, Int, Int) =
        "update sekisho_jobs set holder = $2, held_until = $3, began_at = $4 \
         where name = $1 and due_at <= $5 and (holder is null or held_until <= $4)";
    KEEP(Text, Text, Int) = "update sekisho_jobs set held_until = $3 where name = $1 and holder = $2";
    DONE(Text, Text, Int, Int, Text) =
        "update sekisho_jobs set holder = null, held_until = null, ended_at = $3, succeeded_at = $3, due_at = $4, \
         outcome = $5, runs = runs + 1 where name = $1 and holder = $2";
    FAILED(Text, Text, Int, Int, Text) =
        "update sekisho_jobs set holder = null, held_until = null, ended_at = $3, due_at = $4, outcome = $5, \
         runs = runs + 1, failures = failures + 1 where name = $1 and holder = $2";
    LEFT(Text, Text, Int, Text) =
        "update sekisho_jobs set holder = null, held_until = null, due_at = $3, outcome = $4 \
         where name = $1 and holder = $2";
    JOBS() =
        "select name, due_at, holder, held_until, began_at, ended_at, succeeded_at, outcome, runs, failures \
         from sekisho_jobs order by name";
}

/// A job as the database knows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Job {
    /// Its name.
    pub name: String,
    /// When it is to run next.
    pub due_at: Timestamp,
    /// Who has it, and until when: afterwards anybody may take it.
    pub held: Option<(String, Timestamp)>,
    /// When it was last begun.
    pub began_at: Option<Timestamp>,
    /// When it last came to an end, well or not.
    pub ended_at: Option<Timestamp>,
    /// When it last did what it should.
    pub succeeded_at: Option<Timestamp>,
    /// What it did then, or why it did not, in a line.
    pub outcome: Option<String>,
    /// How often it has run.
    pub runs: u64,
    /// How often it has failed.
    pub failures: u64,
}

/// Who wants a job, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Lease<'a> {
    /// The job.
    pub job: &'a str,
    /// Who takes it; nobody else is called so.
    pub holder: &'a str,
    /// Until when it is theirs.
    pub until: Timestamp,
}

/// How a job was given back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended<'a> {
    /// It did what it should: this, in a line.
    Well(&'a str),
    /// It did not, and this is why.
    Badly(&'a str),
    /// It is in the middle, and whoever takes it next goes on: it has neither run nor failed yet.
    Halfway(&'a str),
}

impl Read {
    /// Every job that was ever run or was to be, by name.
    pub async fn jobs(&mut self) -> Result<Vec<Job>, Error> {
        self.all(&JOBS, &[]).await?.into_iter().map(job).collect()
    }
}

impl Tx {
    /// Enters a job that the database does not know, due at `due_at`; one that it knows stays as it is.
    pub async fn enter_job(&mut self, name: &str, due_at: Timestamp) -> Result<(), Error> {
        self.run(&ENTER, &[name.into(), due_at.into()]).await.map(drop)
    }

    /// Takes a job that is due and that nobody has at this time: of any number who try, one. Where `due` is false, it is
    /// taken before its time.
    pub async fn take_job(&mut self, lease: &Lease<'_>, now: Timestamp, due: bool) -> Result<bool, Error> {
        let latest = if due { now } else { Timestamp::from_micros(i64::MAX) };
        let params = [lease.job.into(), lease.holder.into(), lease.until.into(), now.into(), latest.into()];
        Ok(self.run(&TAKE, &params).await? == 1)
    }

    /// Keeps a job for longer, and holds its row until this transaction ends; `false` if it is not theirs any more, and
    /// then nothing of this transaction may be committed.
    pub async fn keep_job(&mut self, lease: &Lease<'_>) -> Result<bool, Error> {
        Ok(self.run(&KEEP, &[lease.job.into(), lease.holder.into(), lease.until.into()]).await? == 1)
    }

    /// Gives a job back at `now` that is to run again at `due_at`; `false` if it was not theirs any more.
    pub async fn end_job(
        &mut self,
        (job, holder): (&str, &str),
        now: Timestamp,
        due_at: Timestamp,
        how: Ended<'_>,
    ) -> Result<bool, Error> {
        let (statement, text) = match how {
            Ended::Well(text) => (&DONE, text),
            Ended::Badly(text) => (&FAILED, text),
            Ended::Halfway(text) => {
                let params = [job.into(), holder.into(), due_at.into(), text.into()];
                return Ok(self.run(&LEFT, &params).await? == 1);
            }
        };
        let params = [job.into(), holder.into(), now.into(), due_at.into(), text.into()];
        Ok(self.run(statement, &params).await? == 1)
    }
}

fn job(mut row: Row) -> Result<Job, Error> {
    let (holder, until): (Option<String>, Option<Timestamp>) = (row.take(2)?, row.take(3)?);
    Ok(Job {
        name: row.take(0)?,
        due_at: row.take(1)?,
        held: holder.zip(until),
        began_at: row.take(4)?,
        ended_at: row.take(5)?,
        succeeded_at: row.take(6)?,
        outcome: row.take(7)?,
        runs: row.take::<i64>(8)?.unsigned_abs(),
        failures: row.take::<i64>(9)?.unsigned_abs(),
    })
}
