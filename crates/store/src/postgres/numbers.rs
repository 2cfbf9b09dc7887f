//! The numbers that PostgreSQL draws for identity columns, and the lock of a copy.

/// The last one of the table `$1`, column `$2`.
pub(crate) const LAST: &str =
    "select pg_catalog.pg_sequence_last_value(pg_catalog.pg_get_serial_sequence($1, $2)::regclass)";
/// The last one of the table `$1`, column `$2`, was `$3`; 0 if none.
pub(crate) const SET: &str = "select pg_catalog.setval(pg_catalog.pg_get_serial_sequence($1, $2)::regclass, \
                              greatest($3, 1), $3 > 0)";
/// Whether nobody else copies into this database; true until the end of the transaction.
pub(crate) const ALONE: &str =
    "select case when pg_catalog.pg_try_advisory_xact_lock(6497201437301767) then 1 else 0 end::bigint";
