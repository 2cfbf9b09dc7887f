//! `/token`.

mod claims;
mod form;
mod password;
mod throttle;
