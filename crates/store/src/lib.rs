//! Every SQL statement of Sekisho.
