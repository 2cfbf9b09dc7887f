//! Writes on hold, as the figures have it.

use super::{now, start};

#[test]
fn a_freeze_is_a_figure() {
    let site = start();
    assert_eq!(now(&site, "sekisho_database_frozen"), 0.0);
    site.cli(&["db", "freeze"]).ok();
    assert_eq!(now(&site, "sekisho_database_frozen"), 1.0);
    assert_eq!(site.register("anew", "secret-123").status, 503);
    assert_eq!(now(&site, "sekisho_refusals_total{reason=\"writes_frozen\"}"), 1.0);
    site.cli(&["db", "unfreeze"]).ok();
    assert_eq!(now(&site, "sekisho_database_frozen"), 0.0);
}
