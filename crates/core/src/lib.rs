//! Every rule of Sekisho.
