//! Who came before, as far as a row can be told by it without being looked up.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

use sekisho_core::adopt::Adopted;
use sekisho_store::{AdoptedKind, Error, Holder, Read};

/// Rows that came before, by their identifiers, and how their users are told by now.
///
/// Texts are kept as their hashes, under a key of this run: nobody can choose two that share one.
#[derive(Default)]
pub(super) struct Came {
    rows: HashMap<u64, ToldBy>,
    marks: RandomState,
}

/// The name and the address of a user; neither where the user is deleted.
#[derive(Default)]
struct ToldBy {
    name: Option<u64>,
    email: Option<u64>,
}

impl Came {
    /// Notes somebody who is here and came from elsewhere.
    pub(super) fn meet(&mut self, holder: &Holder) {
        if let Some(external_id) = &holder.external_id {
            let told = ToldBy { name: self.of(&holder.username), email: self.of(&holder.email) };
            self.rows.insert(self.mark(AdoptedKind::User, external_id), told);
        }
    }

    /// Notes every row that ever came, by `page` of them at once.
    pub(super) async fn read(&mut self, read: &mut Read, page: u32) -> Result<(), Error> {
        for kind in [AdoptedKind::User, AdoptedKind::Item] {
            let mut after = String::new();
            loop {
                let ids = read.adopted_ids(kind, &after, page).await?;
                for id in &ids {
                    self.rows
                        .entry(self.marks.hash_one((kind == AdoptedKind::User, id.as_str())))
                        .or_default();
                }
                match ids.last() {
                    Some(last) if ids.len() == page as usize => after.clone_from(last),
                    _ => break,
                }
            }
        }
        Ok(())
    }

    /// Whether a row of this kind may have come.
    pub(super) fn may_have(&self, kind: AdoptedKind, external_id: &str) -> bool {
        self.rows.contains_key(&self.mark(kind, external_id))
    }

    /// Whether the row came, and its user has the same name or the same address.
    pub(super) fn has(&self, external_id: &str, row: &Adopted) -> bool {
        let Some(came) = self.rows.get(&self.mark(AdoptedKind::User, external_id)) else { return false };
        let (name, email) = (self.of(&row.name), self.of(&row.email));
        (name.is_some() && came.name == name) || (email.is_some() && came.email == email)
    }

    fn mark(&self, kind: AdoptedKind, external_id: &str) -> u64 {
        self.marks.hash_one((kind == AdoptedKind::User, external_id))
    }

    fn of(&self, text: &Option<String>) -> Option<u64> {
        text.as_ref().map(|text| self.marks.hash_one(text))
    }
}
