//! The documentation pages in a real browser.

mod docs;
mod webdriver;
