//! Every statement of the crate in one list, for the check at start and for tests.

use crate::statement::Statement;
use crate::{
    adopted, check, copying, credentials, events, incoming, items, jobs, limits, meta, migrate, outgoing,
    user_changes, users,
};

/// Every statement that this crate runs, by area.
pub fn statements() -> impl Iterator<Item = &'static Statement> {
    [
        migrate::ALL,
        users::ALL,
        user_changes::ALL,
        incoming::ALL,
        outgoing::ALL,
        credentials::ALL,
        items::ALL,
        events::ALL,
        meta::ALL,
        copying::ALL,
        check::ALL,
        adopted::ALL,
        jobs::ALL,
        limits::ALL,
    ]
    .into_iter()
    .flatten()
    .copied()
}
