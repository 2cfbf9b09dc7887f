//! Failover: the primary of two dies under load, is asleep and wakes, or can't be agreed upon.

use super::judge::Lost;
use super::patroni::{Lab, Replication};
use super::trial::{self, Outcome, Over, Trial};
use crate::report::{Report, Row};
use crate::server::Program;
use std::time::{Duration, Instant};

/// How often the primary is killed.
const KILLS: usize = 3;
/// etcd is back before anybody misses it, and long after the primary has given up its office for want of it.
const ETCD_GONE: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(45)];
/// How long a primary that was replaced goes on sleeping.
const ASLEEP: Duration = Duration::from_secs(5);
/// How long a primary acknowledges what no standby gets, for the control.
const ALONE: Duration = Duration::from_secs(8);

/// The primary is killed, and each time another one takes over.
pub(crate) fn killed(real: &Program, report: &mut Report) -> Result<(), String> {
    let mut slowest = Duration::ZERO;
    let done = on(Replication::Synchronous, real, KILLS, |_, lab| {
        lab.until_whole()?;
        let primary = lab.primary().ok_or("there is no primary")?;
        let began = Instant::now();
        lab.kill_node(primary)?;
        let broke = Instant::now();
        lab.until_primary(1 - primary)?;
        let back = Instant::now();
        slowest = slowest.max(back - broke);
        lab.start_node(primary)?;
        Ok(Over { began, broke, back, lost: Lost::Database })
    })?;
    let amount = format!("{KILLS} in a row, a new primary after {:.1} s at most", slowest.as_secs_f64());
    add(report, "failover: primary killed", "two servers, synchronous replication", amount, done, false);
    Ok(())
}

/// The primary sleeps, is replaced, and wakes up believing that it is the primary.
pub(crate) fn zombie(real: &Program, report: &mut Report) -> Result<(), String> {
    let done = on(Replication::Synchronous, real, 1, |_, lab| {
        lab.until_whole()?;
        let primary = lab.primary().ok_or("there is no primary")?;
        let began = Instant::now();
        lab.node(primary)?.freeze()?;
        let broke = Instant::now();
        lab.until_primary(1 - primary)?;
        let back = Instant::now();
        std::thread::park_timeout(ASLEEP);
        lab.node(primary)?.thaw()?;
        Ok(Over { began, broke, back, lost: Lost::Database })
    })?;
    let amount = "1 sleep".to_owned();
    add(
        report,
        "failover: primary asleep, then awake",
        "two servers, synchronous replication",
        amount,
        done,
        false,
    );
    Ok(())
}

/// etcd is killed and started again: at once, and so late that the primary has given up.
pub(crate) fn etcd(real: &Program, report: &mut Report) -> Result<(), String> {
    let done = on(Replication::Synchronous, real, ETCD_GONE.len(), |round, lab| {
        lab.until_whole()?;
        let began = Instant::now();
        lab.kill_etcd()?;
        std::thread::park_timeout(ETCD_GONE[round]);
        lab.start_etcd()?;
        lab.until_any_primary()?;
        // Between losing etcd and giving up, the primary serves on.
        Ok(Over { began, broke: began, back: Instant::now(), lost: Lost::Something })
    })?;
    let [short, long] = ETCD_GONE.map(|gone| gone.as_secs());
    let amount = format!("gone for {short} s and for {long} s");
    add(
        report,
        "failover: etcd killed, started again",
        "two servers, synchronous replication",
        amount,
        done,
        false,
    );
    Ok(())
}

/// What must lose something: the primary waits for nobody, and its standby does not listen.
pub(crate) fn control(real: &Program, report: &mut Report) -> Result<(), String> {
    let done = on(Replication::Asynchronous, real, 1, |_, lab| {
        lab.until_whole()?;
        let primary = lab.primary().ok_or("there is no primary")?;
        lab.deafen(1 - primary)?;
        std::thread::park_timeout(ALONE);
        let began = Instant::now();
        lab.kill_node(primary)?;
        let broke = Instant::now();
        lab.until_primary(1 - primary)?;
        Ok(Over { began, broke, back: Instant::now(), lost: Lost::Database })
    })?;
    let amount = "1 kill".to_owned();
    let subject = "control: asynchronous replication, the standby's receiver killed";
    add(report, "failover: primary killed", subject, amount, done, true);
    Ok(())
}

fn on(
    replication: Replication,
    real: &Program,
    rounds: usize,
    mut fault: impl FnMut(usize, &mut Lab) -> Result<Over, String>,
) -> Result<Outcome, String> {
    let lab = std::cell::RefCell::new(Lab::start(replication)?);
    let url = lab.borrow().url();
    // What is lost is what asynchronous replication is to be caught by.
    let caught_by = (replication == Replication::Asynchronous).then_some("is gone");
    let trial = Trial { program: real, url: &url, nodes: 2, rounds, caught_by };
    let done = trial::run(&trial, &lab, |round, _| fault(round, &mut lab.borrow_mut()))?;
    lab.into_inner().remove_unless(if replication == Replication::Synchronous {
        &done.findings
    } else {
        &[]
    });
    Ok(done)
}

fn add(
    report: &mut Report,
    fault: &'static str,
    subject: &'static str,
    amount: String,
    done: Outcome,
    must_fail: bool,
) {
    let Outcome { findings, figures } = done;
    report.add(Row {
        fault,
        subject,
        amount: format!("{amount}; {}", figures.amount()),
        result: figures.result(),
        findings,
        must_fail,
    });
}
