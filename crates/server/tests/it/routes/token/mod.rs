//! `/token`.

mod claims;
mod form;
mod password;
mod schemes;
mod throttle;
