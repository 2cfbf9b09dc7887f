//! What is wrong with single rows, by the rules of `core`.

use sekisho_core::accounts::{LoginName, email_key, username_key};
use sekisho_core::credentials::{self, SchemeCost};
use sekisho_store::{StoredPassword, StoredUser};

use super::report::Rule;

/// Kinds of hash whose number kept differs from the number counted.
pub(super) fn differing(
    kept: &[(SchemeCost, u64)],
    counted: &[(SchemeCost, u64)],
) -> Vec<(SchemeCost, u64, u64)> {
    let number = |list: &[(SchemeCost, u64)], kind: &SchemeCost| {
        list.iter().find(|(other, _)| other == kind).map_or(0, |(_, n)| *n)
    };
    let mut kinds: Vec<&SchemeCost> = kept.iter().chain(counted).map(|(kind, _)| kind).collect();
    kinds.sort();
    kinds.dedup();
    let pairs = kinds.into_iter().map(|kind| (kind.clone(), number(kept, kind), number(counted, kind)));
    pairs.filter(|(_, kept, counted)| kept != counted).collect()
}

/// What a user's row holds that it should not.
pub(super) fn faults_of_user(user: &StoredUser) -> Vec<(Rule, &'static str)> {
    let mut faults = Vec::new();
    let name = user.username.as_deref();
    match (name, user.username_key.as_deref()) {
        // A longer name is found by its exact spelling alone.
        (Some(name), Some(key)) if name.len() <= LoginName::MAX && key != username_key(name) => {
            faults.push((Rule::Key, "username_key is not the key of the username"));
        }
        (None, Some(_)) => faults.push((Rule::Key, "username_key is the key of no username")),
        _ => {}
    }
    match (user.email.as_deref(), user.email_key.as_deref()) {
        (Some(email), Some(key)) if email_key(email).as_deref() != Some(key) => {
            faults.push((Rule::Key, "email_key is not the key of the address"));
        }
        (None, Some(_)) => faults.push((Rule::Key, "email_key is the key of no address")),
        _ => {}
    }
    if name.is_none() && user.released_at.is_none() {
        faults.push((Rule::Row, "has no username and is not deleted"));
    }
    if user.released_at.is_some() && (user.email.is_some() || user.extra.is_some()) {
        faults.push((Rule::Row, "is deleted and not blank"));
    }
    let is_object =
        |text: &str| serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).is_ok();
    if user.extra.as_deref().is_some_and(|text| !is_object(text)) {
        faults.push((Rule::Row, "extra is not a JSON object"));
    }
    faults
}

/// Why nobody can log in with this hash, or what its row says wrongly of it.
pub(super) fn fault_of_password(password: &StoredPassword) -> Option<(Rule, String)> {
    match credentials::recognise(&password.hash) {
        Err(refusal) => {
            let what = format!(
                "the hash can't be verified ({}): nobody logs in with it; `sekisho user set-password` sets a new one",
                refusal.code()
            );
            let came_so = password.kind == SchemeCost::unreadable();
            Some((if came_so { Rule::UnreadableHash } else { Rule::Hash }, what))
        }
        Ok(kind) if kind != password.kind => Some((
            Rule::Hash,
            format!(
                "the row says {} {}, the hash is {} {}",
                password.kind.scheme, password.kind.cost, kind.scheme, kind.cost
            ),
        )),
        Ok(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sekisho_core::credentials::HashString;
    use sekisho_core::{Timestamp, UserId};

    fn tim() -> StoredUser {
        StoredUser {
            id: UserId::from_bytes([1; 16]),
            username: Some("Tim".into()),
            username_key: Some("tim".into()),
            email: Some("Tim@Gmail.com".into()),
            email_key: Some("tim@gmail.com".into()),
            extra: Some("{\"id\":1}".into()),
            released_at: None,
        }
    }

    #[test]
    fn a_users_row_is_held_against_what_core_computes() {
        assert_eq!(faults_of_user(&tim()), []);
        let twin = StoredUser { username_key: None, email_key: None, ..tim() };
        assert_eq!(faults_of_user(&twin), [], "an adopted twin has no key");
        for (row, rule) in [
            (StoredUser { username_key: Some("tom".into()), ..tim() }, Rule::Key),
            (StoredUser { email_key: Some("Tim@gmail.com".into()), ..tim() }, Rule::Key),
            (StoredUser { email: None, ..tim() }, Rule::Key),
            (StoredUser { extra: Some("[]".into()), ..tim() }, Rule::Row),
            (StoredUser { username: None, username_key: None, ..tim() }, Rule::Row),
            (StoredUser { released_at: Some(Timestamp::from_seconds(0)), ..tim() }, Rule::Row),
        ] {
            let rules: Vec<_> = faults_of_user(&row).into_iter().map(|(rule, _)| rule).collect();
            assert_eq!(rules, [rule], "{row:?}");
        }
    }

    #[test]
    fn a_hash_is_what_its_row_says_or_named_without_being_shown() {
        let kind = |scheme: &str, cost: &str| SchemeCost { scheme: scheme.into(), cost: cost.into() };
        let seed = "$2b$12$2Ss8aodwv5mZjR1Ofee86.OgtdlekDXCtdB6xH.l/nUMd9K73tmXa";
        let row = |hash: &str, kind| StoredPassword {
            user: UserId::from_bytes([1; 16]),
            kind,
            hash: HashString::new(hash.into()),
        };
        assert_eq!(fault_of_password(&row(seed, kind("bcrypt", "12"))), None);
        for (row, rule, says) in [
            (row(seed, kind("bcrypt", "10")), Rule::Hash, "the row says bcrypt 10, the hash is bcrypt 12"),
            (row("$2b$12$2Ss8aod", kind("bcrypt", "12")), Rule::Hash, "hash_unreadable"),
            (row("hunter2", kind("bcrypt", "12")), Rule::Hash, "hash_scheme_unknown"),
            (row("hunter2", kind("unreadable", "")), Rule::UnreadableHash, "hash_scheme_unknown"),
        ] {
            let (found, fault) = fault_of_password(&row).unwrap();
            assert_eq!(found, rule);
            assert!(fault.contains(says) && !fault.contains(row.hash.as_str()), "{fault}");
        }
    }

    #[test]
    fn numbers_are_compared_both_ways() {
        let kind = |cost: &str| SchemeCost { scheme: "bcrypt".into(), cost: cost.into() };
        let kept = [(kind("10"), 3), (kind("11"), 1)];
        let counted = [(kind("10"), 3), (kind("12"), 2)];
        assert_eq!(differing(&kept, &counted), [(kind("11"), 1, 0), (kind("12"), 0, 2)]);
    }
}
