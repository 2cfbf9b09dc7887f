//! One trial: nodes, clients who go on, faults one after the other, and what is left at the end.

use super::judge::{self, Figures, Lost, RECOVERY, SETTLED, Seen, Window};
use super::site::Site;
use super::traffic::Traffic;
use crate::server::Program;
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// Acknowledged by each node before the first fault, and after each.
const CALM: usize = 10;
/// How long a site that is well may take for them.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many of the users log in at the end.
const LOG_INS: usize = 4;

/// What a fault says of itself once it is over.
pub(crate) struct Over {
    pub(crate) began: Instant,
    pub(crate) broke: Instant,
    pub(crate) back: Instant,
    pub(crate) lost: Lost,
}

/// The database as the oracle sees it, past everything that stands between it and the nodes.
pub(crate) trait Oracle {
    /// Runs a statement; rows come a line each.
    fn ask(&self, sql: &str) -> Result<String, String>;
}

/// What came of a trial.
pub(crate) struct Outcome {
    pub(crate) findings: Vec<String>,
    pub(crate) figures: Figures,
}

/// What is tried, on what.
pub(crate) struct Trial<'a> {
    pub(crate) program: &'a Program,
    /// The address that every node is given.
    pub(crate) url: &'a str,
    pub(crate) nodes: usize,
    pub(crate) rounds: usize,
    /// For a control: the words of the findings that it is to be caught by; others don't count.
    pub(crate) caught_by: Option<&'static str>,
}

/// Has `rounds` faults happen under load, each after the site has recovered from the one before.
pub(crate) fn run(
    trial: &Trial<'_>,
    oracle: &dyn Oracle,
    mut fault: impl FnMut(usize, &mut Site) -> Result<Over, String>,
) -> Result<Outcome, String> {
    let mut site = Site::start(trial.program, trial.url, trial.nodes)?;
    let doors = site.doors()?;
    let watch = site.watch();
    let traffic = Traffic::start(&doors, "f");
    let all: Vec<usize> = (0..site.count()).collect();
    if !traffic.acknowledges(&all, CALM, Instant::now(), PATIENCE) {
        return Err("nobody could register on a site that is well".to_owned());
    }
    let mut windows = Vec::new();
    let mut findings = Vec::new();
    for round in 0..trial.rounds {
        let over = fault(round, &mut site)?;
        // Who was refused comes again after a moment, and a request may be under way.
        let recovered = traffic.acknowledges(&all, 1, over.back, RECOVERY);
        let recovered = recovered.then(Instant::now);
        let Over { began, broke, back, lost } = over;
        windows.push(Window { began, broke, back, recovered, lost });
        if recovered.is_none() {
            break;
        }
        if site.is_whole() && all.iter().any(|node| !watch.says(*node, true, back, RECOVERY)) {
            findings.push("/readyz stays red after the recovery".to_owned());
        }
        std::thread::park_timeout(SETTLED);
        if !traffic.acknowledges(&all, CALM, Instant::now(), PATIENCE) {
            findings.push("the site does not go on after its recovery".to_owned());
        }
    }
    let ended = Instant::now();
    let entries = traffic.end();
    let looks = watch.end();
    findings.extend(site.unwell().into_iter().filter(|_| site.is_whole()));
    let users: Vec<String> = entries
        .iter()
        .rev()
        .filter_map(|entry| entry.acknowledged().map(str::to_owned))
        .take(LOG_INS)
        .collect();
    findings.extend(site.strangers(&users));
    let present = names(oracle)?;
    let halves = oracle.ask(HALVES)?;
    if halves != "0" {
        findings.push(format!("{halves} users without a password"));
    }
    findings.extend(site.check()?);
    let (judged, figures) = judge::judge(&Seen { windows, entries, looks, present, ended });
    findings.extend(judged);
    if let Some(words) = trial.caught_by {
        findings.retain(|finding| finding.contains(words));
    }
    site.remove_unless(if trial.caught_by.is_some() { &[] } else { &findings });
    Ok(Outcome { findings, figures })
}

/// Everybody who is in the database.
fn names(oracle: &dyn Oracle) -> Result<HashSet<String>, String> {
    let lines = oracle.ask("select username from sekisho_users where username is not null")?;
    Ok(lines.lines().map(str::to_owned).collect())
}

/// A registration is whole or absent: a user never lacks the password that came with him.
const HALVES: &str = "select count(*) from sekisho_users u where not exists \
                      (select 1 from sekisho_credentials c where c.user_id = u.id)";
