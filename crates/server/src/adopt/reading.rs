//! Reading the application's database: once to learn who will come, once to let them come.

use sekisho_core::adopt::{Adopted, AdoptedItem, Mapping, Naming};
use sekisho_store::{Error, Foreign};
use tokio::sync::mpsc::Sender;

/// What a first reading found out.
pub struct Survey {
    /// Which names will come.
    pub naming: Naming,
    /// How many rows the users' table has.
    pub users: u64,
}

/// One row, in the order of the application's own ids: users first, then items.
#[derive(Debug)]
pub enum Row {
    /// A user.
    User(Box<Adopted>),
    /// A row without name and address, and what identifies it.
    Nobody(String),
    /// An item.
    Item(AdoptedItem),
    /// An item without owner, and what identifies it.
    Nobodys(String),
    /// All was read. Without it the reading ended early.
    End,
}

/// Reads all names; blocks its thread.
///
/// Where names are doubled and the rows are not found in the order of their ids, they are read once more: a token that says
/// such a name means whom the application finds by it.
pub fn survey(foreign: &Foreign, mapping: &Mapping) -> Result<Survey, Error> {
    let mut survey = Survey { naming: Naming::new(), users: 0 };
    foreign.rows_as_found(&mapping.table, &mapping.told_by(), |row| {
        survey.naming.expect(&mapping.seen(&row));
        survey.users += 1;
        true
    })?;
    if survey.naming.has_doubles() && !foreign.finds_by_key() {
        foreign.rows_as_found(&mapping.table, &mapping.told_by(), |row| {
            survey.naming.found(&mapping.seen(&row), mapping.id_of(&row).as_deref());
            true
        })?;
    }
    Ok(survey)
}

/// Reads all rows and hands each over, [`Row::End`] last; ends early when nobody listens any more. Blocks its thread.
pub fn send_rows(foreign: &Foreign, mapping: &Mapping, to: &Sender<Row>) -> Result<(), Error> {
    foreign.rows(&mapping.table, |row| {
        let id = mapping.id_of(&row);
        let row = match mapping.read(row) {
            Some(row) => Row::User(Box::new(row)),
            None => Row::Nobody(id.unwrap_or_default()),
        };
        to.blocking_send(row).is_ok()
    })?;
    if let Some(items) = &mapping.items {
        foreign.rows(&items.table, |row| {
            let item = match mapping.read_item(&row) {
                Some(item) => Row::Item(item),
                None => Row::Nobodys(row.get(items.id).and_then(|id| id.as_text()).unwrap_or_default()),
            };
            to.blocking_send(item).is_ok()
        })?;
    }
    let _ = to.blocking_send(Row::End);
    Ok(())
}
