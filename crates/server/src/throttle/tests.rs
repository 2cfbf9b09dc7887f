//! The throttle under a clock that the test moves.

use sekisho_core::settings::{Allowance, Throttle as Settings};

use super::*;

fn throttle() -> Throttle {
    let allowance = |burst, seconds| Allowance { burst, refill: Duration::from_secs(seconds) };
    Throttle::new(&Settings {
        enabled: true,
        per_account_and_address: allowance(3, 10),
        per_address: allowance(6, 10),
        per_account: allowance(6, 10),
    })
}

fn ip(last: u8) -> Option<IpAddr> {
    Some(IpAddr::from([192, 0, 2, last]))
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_000_000 + seconds)
}

fn fail(throttle: &Throttle, name: &str, address: u8, now: Timestamp) -> bool {
    throttle.check(name, ip(address), now).map(Attempt::failed).is_ok()
}

#[test]
fn p16_one_address_on_one_account_is_slowed_and_the_owner_gets_in_after_the_window() {
    let throttle = throttle();
    for _ in 0..3 {
        assert!(fail(&throttle, "tim", 1, at(0)));
    }
    assert_eq!(throttle.check("tim", ip(1), at(0)).unwrap_err().after, Duration::from_secs(10));
    assert!(throttle.check("tim", ip(2), at(0)).is_ok(), "elsewhere tim gets in meanwhile");
    throttle.check("tim", ip(1), at(10)).unwrap().succeeded();
    throttle.check("tim", ip(1), at(10)).unwrap().succeeded();
}

#[test]
fn p16_one_address_on_many_accounts_and_many_addresses_on_one_are_both_slowed() {
    let throttle = throttle();
    let passed = (0..20).filter(|n| fail(&throttle, &format!("user{n}"), 1, at(0))).count();
    assert_eq!(passed, 6);
    let passed = (10..30).filter(|n| fail(&throttle, "zoe", *n, at(0))).count();
    assert_eq!(passed, 6);
    let refused = Refused { account_and_address: 0, address: 14, account: 14 };
    assert_eq!(throttle.refused(), refused);
}

#[test]
fn p16_strangers_cannot_keep_the_owner_out_of_an_address_used_before() {
    let throttle = throttle();
    throttle.check("tim", ip(1), at(0)).unwrap().succeeded();
    for n in 10..30 {
        fail(&throttle, "tim", n, at(60));
    }
    assert!(throttle.check("tim", ip(9), at(60)).is_err(), "the account's bucket is empty");
    throttle.check("tim", ip(1), at(60)).unwrap().succeeded();
    for _ in 0..3 {
        assert!(fail(&throttle, "tim", 1, at(60)));
    }
    assert!(!fail(&throttle, "tim", 1, at(60)), "a known address has its own bucket all the same");
}

#[test]
fn attempts_at_the_same_time_count_against_each_other_and_one_without_outcome_does_not_stay() {
    let throttle = throttle();
    let held: Vec<_> = (0..3).map(|_| throttle.check("tim", ip(1), at(0)).unwrap()).collect();
    assert!(throttle.check("tim", ip(1), at(0)).is_err());
    drop(held);
    assert!(throttle.check("tim", ip(1), at(0)).is_ok());
}

#[test]
fn a_crowd_behind_one_address_logs_in_at_once_until_half_of_its_failures_are_used() {
    let throttle = throttle();
    let attempt = |n: usize| throttle.check(&format!("user{n}"), ip(1), at(0));
    let crowd: Vec<_> = (0..1000).map(|n| attempt(n).unwrap()).collect();
    crowd.into_iter().for_each(|attempt| {
        attempt.succeeded();
    });
    for n in 0..3 {
        attempt(2000 + n).unwrap().failed();
    }
    let held = (0..1000).map_while(|n| attempt(n).ok()).count();
    assert_eq!(held, 1000, "each of them was dropped before the next");
    let held: Vec<_> = (0..1000).map_while(|n| attempt(n).ok()).collect();
    assert_eq!(held.len(), 3);
}

#[test]
fn a_burst_of_guesses_at_the_same_time_empties_the_bucket() {
    let throttle = throttle();
    let guesses: Vec<_> =
        (0..500).map(|n| throttle.check(&format!("user{n}"), ip(1), at(0)).unwrap()).collect();
    guesses.into_iter().for_each(|attempt| {
        attempt.failed();
    });
    assert!(throttle.check("user", ip(1), at(9)).is_err());
    assert!(throttle.check("user", ip(1), at(10)).is_ok());
}

#[test]
fn rates_change_in_place_and_can_be_switched_off() {
    let throttle = throttle();
    for _ in 0..3 {
        fail(&throttle, "tim", 1, at(0));
    }
    let mut settings = Settings {
        enabled: true,
        per_account_and_address: Allowance { burst: 5, refill: Duration::from_secs(10) },
        per_address: Allowance { burst: 9, refill: Duration::from_secs(10) },
        per_account: Allowance { burst: 9, refill: Duration::from_secs(10) },
    };
    throttle.apply(&settings);
    assert!(fail(&throttle, "tim", 1, at(0)) && fail(&throttle, "tim", 1, at(0)));
    assert!(!fail(&throttle, "tim", 1, at(0)));
    settings.enabled = false;
    throttle.apply(&settings);
    assert!((0..100).all(|_| fail(&throttle, "tim", 1, at(0))));
}

#[test]
fn h16_a_million_keys_stay_within_the_bound_and_the_busy_one_is_kept() {
    let mut map = Bounded::new(1000);
    for key in 1..1_000_000 {
        *map.entry(0, || 0) += 1;
        *map.entry(key, || 0) += 1;
        assert!(map.len() <= 1000);
    }
    assert_eq!(map.get(0), Some(&999_999));
    assert_eq!(map.get(1), None);
}

#[test]
fn a_refused_attempt_leaves_no_entry() {
    let throttle = throttle();
    for n in 0..50 {
        fail(&throttle, &format!("user{n}"), 1, at(0));
    }
    assert_eq!(throttle.inner.counts().pairs.len(), 6);
}

#[test]
fn other_nodes_are_told_what_failed_and_who_is_known_where_that_matters() {
    let throttle = throttle();
    let quiet = throttle.check("tim", ip(1), at(0)).unwrap().succeeded();
    assert_eq!(quiet, Lesson::Nothing, "nobody has tried at tim's account");
    let strange = throttle.check("tim", ip(2), at(0)).unwrap().failed();
    assert_eq!(strange, Lesson::Failed { stranger: true });
    let own = throttle.check("tim", ip(1), at(0)).unwrap().failed();
    assert_eq!(own, Lesson::Failed { stranger: false });
    let pressed = throttle.check("tim", ip(1), at(0)).unwrap().succeeded();
    assert_eq!(pressed, Lesson::Known);
    let wait = (0..9).find_map(|n| {
        let attempt = throttle.check("tim", ip(20 + n), at(0));
        attempt.map(Attempt::failed).err()
    });
    assert!(wait.is_some_and(|wait| wait.by_strangers));
}
