//! Every statement of the crate in one list, for the check at start and for tests.

use crate::statement::Statement;
use crate::{
    adopted, check, credentials, events, incoming, items, jobs, limits, meta, migrate, moving, outgoing,
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
        moving::SOURCE,
        moving::TARGET,
        check::ALL,
        adopted::ALL,
        jobs::ALL,
        limits::ALL,
    ]
    .into_iter()
    .flatten()
    .copied()
}
