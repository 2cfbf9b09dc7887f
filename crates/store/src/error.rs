//! What can go wrong with a database.

/// What the triggers of a freeze raise, on both databases.
pub(crate) const RAISED: &str = "sekisho: frozen";

/// Why the database could not do what was asked.
///
/// The text is for the operator's log: it names files, tables and the driver's words, never a value of a statement.
/// Not found is an `Option` and a lost race a `bool`; whatever is here means that the outcome is unknown or nothing
/// was done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database can't be reached, read or written.
    #[error("the database is unavailable: {reason}")]
    Unavailable {
        /// In the driver's words.
        reason: String,
    },
    /// What is stored is not what was written, or the file is no database.
    #[error("the database is damaged: {reason}")]
    Corrupt {
        /// What was found.
        reason: String,
    },
    /// No space is left; nothing was written.
    #[error("no space is left for the database: {reason}")]
    Full {
        /// In the driver's words.
        reason: String,
    },
    /// Other transactions or another process held the lock for longer than a caller waits.
    #[error("the database's lock was not to be had; waited {waited_ms} ms")]
    Busy {
        /// How long this caller waited.
        waited_ms: u64,
    },
    /// Another transaction and this one can't both have happened; it is undone, and may be tried again.
    #[error("another transaction came between; this one is undone and may be tried again")]
    Conflict,
    /// A newer version of Sekisho has changed the schema.
    #[error("the database has schema version {found}, this program knows {known}: start the newer version")]
    SchemaNewer {
        /// The version in the database.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// A migration was applied in a form that differs from this program's.
    #[error("migration {version} of {set} was applied in another form than this program has")]
    SchemaDiffers {
        /// Whose migrations: `sekisho`, or a library user's name.
        set: String,
        /// The first that differs.
        version: i64,
    },
    /// The database belongs to another application.
    #[error(
        "this database belongs to another application (tables {tables}): adopt it, or give a file of its own"
    )]
    Foreign {
        /// The first few of its tables.
        tables: String,
    },
    /// `sekisho db freeze` holds back every write; nothing was written, and reading goes on.
    #[error("the database is frozen: `sekisho db unfreeze` lets it be written again")]
    Frozen,
    /// A copy into this database was begun and not finished.
    #[error("the copy into this database is unfinished: run `sekisho db copy` with the same addresses again")]
    Unfinished,
    /// An earlier error in this transaction; what it did is undone.
    #[error("the transaction met an error before and is over")]
    Poisoned,
    /// A row with this unique value is there already.
    #[error("a unique value is taken: {what}")]
    Taken {
        /// Columns or constraint, as the database names them.
        what: String,
    },
    /// The statement would break a constraint other than uniqueness.
    #[error("a constraint refuses the statement: {what}")]
    Constraint {
        /// As the database names it.
        what: String,
    },
    /// The caller asked for something that can't be done.
    #[error("the store was used wrongly: {reason}")]
    Misuse {
        /// What to do instead.
        reason: String,
    },
}

impl Error {
    pub(crate) fn unavailable(reason: impl ToString) -> Self {
        Self::Unavailable { reason: reason.to_string() }
    }

    pub(crate) fn corrupt(reason: impl ToString) -> Self {
        Self::Corrupt { reason: reason.to_string() }
    }

    pub(crate) fn misuse(reason: impl ToString) -> Self {
        Self::Misuse { reason: reason.to_string() }
    }

    /// Whether another attempt a little later may succeed because somebody else only has to let go.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self, Self::Busy { .. })
    }
}
