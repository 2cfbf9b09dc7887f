//! Whether a database is whole: what it can tell by itself, and what only the rules of `core` can.

use sekisho_core::UserId;
use sekisho_core::settings::DatabaseUrl;
use sekisho_store::{Error, Look, OpenOptions, Owned, Unique};

use super::faults::{differing, fault_of_password, faults_of_user};
use super::report::{LISTED, Report, Rule};

/// Rows read at once.
const PAGE: u32 = 1000;

/// Checks a database as it is at this moment, beside whoever has it open; changes nothing, holds one page of rows.
///
/// `each` hears how many rows were judged. Damage is a finding; an error means that the file is somebody else's or
/// newer, or can't be read now.
pub async fn check(
    url: &DatabaseUrl,
    options: OpenOptions,
    mut each: impl FnMut(u64),
) -> Result<Report, Error> {
    loop {
        let mut report = Report::new();
        let mut look = match Look::open_url(url, options.clone()).await {
            Err(Error::Corrupt { reason }) => {
                report.note(Rule::Integrity, None, reason);
                return Ok(report);
            }
            look => look?,
        };
        let outcome = examine(&mut look, &mut report, &mut each).await;
        if !look.overtaken() {
            return outcome.map(|()| report);
        }
        // A server started meanwhile: now it is read beside that.
    }
}

async fn examine(look: &mut Look, report: &mut Report, each: &mut impl FnMut(u64)) -> Result<(), Error> {
    let schema = look.schema().await?;
    report.schema = Some(schema);
    let integrity = look.integrity(LISTED).await?;
    for line in integrity.damage {
        report.note(Rule::Integrity, None, line);
    }
    if let Some(unseen) = integrity.unseen {
        report.note(Rule::Unseen, None, format!("not looked at: {unseen}"));
    }
    let broken = look.foreign_keys(LISTED).await;
    for line in report.met("foreign keys", broken)?.unwrap_or_default() {
        report.note(Rule::ForeignKey, None, line);
    }
    let intruders = look.intruders().await;
    for line in report.met("the schema", intruders)?.unwrap_or_default() {
        report.note(Rule::Trigger, None, line);
    }
    if schema.found < schema.known {
        // The statements below are those of this version; the next start brings the schema to it.
        return Ok(());
    }
    // What a newer release has added, which lets this one go on, is no difference.
    if schema.found == schema.known {
        let differences = look.schema_differences().await;
        for line in report.met("the schema", differences)?.unwrap_or_default() {
            report.note(Rule::Schema, None, line);
        }
    }
    if let Err(error) = look.serves().await {
        report.note(Rule::Schema, None, format!("a statement can't be prepared: {error}"));
        return Ok(());
    }
    if look.is_unfinished().await? {
        return Err(Error::Unfinished);
    }
    doubles(look, report).await?;
    orphans(look, report).await?;
    let mut judged = 0;
    users(look, report, |rows| each(count(&mut judged, rows))).await?;
    passwords(look, report, |rows| each(count(&mut judged, rows))).await?;
    counters(look, report).await?;
    let counts = look.counts().await;
    report.counts = report.met("the tables", counts)?;
    Ok(())
}

fn count(judged: &mut u64, rows: usize) -> u64 {
    *judged += rows as u64;
    *judged
}

async fn doubles(look: &mut Look, report: &mut Report) -> Result<(), Error> {
    for (unique, what) in [
        (Unique::Username, "the name of an earlier user"),
        (Unique::UsernameKey, "the name's key of an earlier user"),
        (Unique::EmailKey, "the address's key of an earlier user"),
    ] {
        let ids = look.duplicates(unique, LISTED).await;
        for id in report.met("users", ids)?.unwrap_or_default() {
            report.note(Rule::Unique, Some(id.to_string()), format!("has {what}"));
        }
    }
    Ok(())
}

async fn orphans(look: &mut Look, report: &mut Report) -> Result<(), Error> {
    for (owned, what) in [
        (Owned::Credentials, "a credential of a user who is not there"),
        (Owned::Items, "an item of a user who is not there"),
        (Owned::Events, "an event of a user who never was there"),
    ] {
        let rows = look.orphans(owned, LISTED).await;
        for row in report.met("rows of users", rows)?.unwrap_or_default() {
            report.note(Rule::Orphan, Some(row), what.to_owned());
        }
    }
    Ok(())
}

async fn users(look: &mut Look, report: &mut Report, mut each: impl FnMut(usize)) -> Result<(), Error> {
    let mut after: Option<UserId> = None;
    loop {
        let page = look.stored_users(after, PAGE).await;
        let place = after.map_or("users from the first on".to_owned(), |id| format!("users after {id}"));
        let Some(page) = report.met(&place, page)? else { return Ok(()) };
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.id);
        for user in &page {
            for (rule, what) in faults_of_user(user) {
                report.note(rule, Some(user.id.to_string()), what.to_owned());
            }
        }
        each(page.len());
    }
}

async fn passwords(look: &mut Look, report: &mut Report, mut each: impl FnMut(usize)) -> Result<(), Error> {
    let mut after: Option<UserId> = None;
    loop {
        let page = look.stored_passwords(after, PAGE).await;
        let place =
            after.map_or("passwords from the first on".to_owned(), |id| format!("passwords after {id}"));
        let Some(page) = report.met(&place, page)? else { return Ok(()) };
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.user);
        for password in &page {
            if let Some((rule, what)) = fault_of_password(password) {
                report.note(rule, Some(password.user.to_string()), what);
            }
        }
        each(page.len());
    }
}

async fn counters(look: &mut Look, report: &mut Report) -> Result<(), Error> {
    let (kept, counted) = (look.hash_mix().await, look.counted_hashes().await);
    if let (Some(kept), Some(counted)) = (report.met("hashes", kept)?, report.met("hashes", counted)?) {
        for (kind, kept, counted) in differing(&kept, &counted) {
            let what = format!("{} {}: {kept} are noted, {counted} are there", kind.scheme, kind.cost);
            report.note(Rule::HashCount, None, what);
        }
    }
    let numbers = look.item_numbers().await;
    if let Some((greatest, counter)) = report.met("items", numbers)?
        && greatest > counter
    {
        let what = format!("the counter of items stands at {counter}, and there is item {greatest}");
        report.note(Rule::Counter, None, what);
    }
    Ok(())
}
