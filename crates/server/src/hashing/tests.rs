//! The lane with injected work: order, limits, and who keeps a slot when things go wrong. Nothing is timed.

use std::sync::mpsc;

use sekisho_core::{Actor, Ctx, Refusal, RequestId, Timestamp};

use super::fair::{Fair, Owner};
use super::*;
use crate::address::AddressKey;

fn ctx(peer: &str) -> Ctx {
    Ctx {
        request_id: RequestId::new([0; 8]),
        peer: Some(peer.parse().unwrap()),
        agent: None,
        actor: Actor::Anonymous,
        now: Timestamp::from_seconds(0),
    }
}

fn lane(threads: usize, queue: usize) -> Lane {
    Lane::start(LaneSettings { threads, queue, ..LaneSettings::default() })
}

/// Occupies the only thread until the sender is used or dropped; returns once the work runs.
fn occupy(lane: &Lane) -> (mpsc::Sender<()>, impl Future<Output = Result<(), Refusal>> + use<>) {
    let (release, wait) = mpsc::channel::<()>();
    let (started, running) = mpsc::channel();
    let turn = lane.admit(&ctx("192.0.2.1"), "occupier").unwrap().run(move |_| {
        started.send(()).unwrap();
        let _ = wait.recv();
    });
    running.recv().unwrap();
    (release, turn)
}

fn owner(account: u64, address: u32) -> Owner {
    Owner { account, address: AddressKey::V4(address) }
}

#[test]
fn addresses_are_served_in_turn_and_each_in_order() {
    let mut fair = Fair::new(16);
    for (account, address, job) in
        [(1, 1, "a1"), (2, 1, "a2"), (3, 1, "a3"), (4, 2, "b1"), (5, 3, "c1"), (6, 2, "b2")]
    {
        assert!(fair.admit(owner(account, address)).is_some());
        fair.enqueue(owner(account, address), job);
    }
    let order: Vec<_> = std::iter::from_fn(|| fair.next()).map(|(_, job)| job).collect();
    assert_eq!(order, ["a1", "b1", "c1", "a2", "b2", "a3"]);
}

#[test]
fn of_one_account_one_runs_and_four_wait_whatever_the_address() {
    let mut fair = Fair::new(16);
    for address in 1..=5 {
        assert!(fair.admit(owner(7, address)).is_some());
        fair.enqueue(owner(7, address), address);
    }
    assert!(fair.admit(owner(7, 6)).is_none());
    let (first, _) = fair.next().unwrap();
    assert!(fair.next().is_none(), "its second hash waits while the first runs");
    assert!(fair.admit(owner(7, 6)).is_none(), "one running and four waiting are five");
    assert!(fair.admit(owner(8, 6)).is_some(), "other accounts go past");
    fair.enqueue(owner(8, 6), 60);
    assert_eq!(fair.next().unwrap().1, 60);
    fair.finish(first);
    assert_eq!(fair.next().unwrap().1, 2);
    assert!(fair.admit(owner(7, 6)).is_some());
}

#[test]
fn one_address_may_fill_the_lane_but_a_newcomer_takes_the_end_of_its_line() {
    let mut fair = Fair::new(4);
    for account in 0..4 {
        assert!(matches!(fair.admit(owner(account, 1)), Some(None)));
        fair.enqueue(owner(account, 1), account);
    }
    assert!(fair.admit(owner(4, 1)).is_none(), "full, and nobody holds more than it does");
    assert_eq!(fair.admit(owner(5, 2)), Some(Some(3)), "the last of the longest line goes");
    fair.enqueue(owner(5, 2), 50);
    assert_eq!(fair.admit(owner(6, 2)), Some(Some(2)), "3 to 1 is two apart");
    fair.enqueue(owner(6, 2), 60);
    assert_eq!(fair.admit(owner(7, 2)), None, "2 to 2 is even");
    assert_eq!(fair.next().unwrap().1, 0);
    assert_eq!(fair.next().unwrap().1, 50, "and the newcomer is next in turn");
}

#[test]
fn a_stranger_who_keeps_an_account_busy_makes_room_for_its_owner_elsewhere() {
    let mut fair = Fair::new(16);
    for job in 1..=5 {
        assert!(fair.admit(owner(7, 1)).is_some());
        fair.enqueue(owner(7, 1), job);
    }
    assert_eq!(fair.next().unwrap().1, 1);
    assert_eq!(fair.admit(owner(7, 1)), None, "none at the same address");
    assert_eq!(fair.admit(owner(7, 2)), Some(Some(5)), "the last of those that wait goes");
    fair.enqueue(owner(7, 2), 50);
    assert_eq!(fair.admit(owner(7, 2)), Some(Some(4)), "3 to 1 is two apart");
    fair.enqueue(owner(7, 2), 60);
    assert_eq!(fair.admit(owner(7, 2)), None, "2 to 2 is even");
}

#[test]
fn what_is_left_or_withdrawn_leaves_nothing_behind() {
    let mut fair = Fair::new(2);
    fair.admit(owner(1, 1)).unwrap();
    fair.admit(owner(2, 1)).unwrap();
    fair.leave(owner(1, 1));
    let ticket = fair.enqueue(owner(2, 1), "job");
    assert_eq!(fair.withdraw(owner(2, 1), ticket), Some("job"));
    assert_eq!(fair.withdraw(owner(2, 1), ticket), None);
    assert!(fair.next().is_none());
    assert_eq!(fair.counts(), (0, 0));
    assert!(fair.admit(owner(3, 1)).is_some() && fair.admit(owner(4, 1)).is_some());
}

#[tokio::test]
async fn a_hash_returns_its_result_and_frees_its_slot_first() {
    let lane = lane(2, 0);
    for n in 0..50 {
        let permit = lane.admit(&ctx("192.0.2.1"), "tim").unwrap();
        assert_eq!(permit.run(move |_| n).await, Ok(n));
        assert_eq!(lane.stats().running, 0);
    }
    assert_eq!(lane.stats(), Stats { hashes: 50, ..Stats::default() });
    let figures = lane.figures();
    assert_eq!((figures.waits.count(), figures.works.count()), (50, 50));
}

#[tokio::test]
async fn p11_a_full_lane_refuses_at_once() {
    let lane = lane(1, 2);
    let (release, occupier) = occupy(&lane);
    let held: Vec<_> =
        (0..2).map(|n| lane.admit(&ctx("192.0.2.1"), &format!("user{n}")).unwrap().run(|_| ())).collect();
    assert_eq!(lane.admit(&ctx("192.0.2.1"), "late").unwrap_err(), Refusal::HashingBusy);
    assert_eq!(lane.stats(), Stats { running: 1, waiting: 2, refused: 1, ..Stats::default() });
    drop(release);
    for turn in held {
        assert_eq!(turn.await, Ok(()));
    }
    assert_eq!(occupier.await, Ok(()));
    assert!(lane.admit(&ctx("192.0.2.1"), "late").is_ok());
}

#[tokio::test]
async fn a_displaced_hash_is_answered_busy() {
    let lane = lane(1, 2);
    let (release, _occupier) = occupy(&lane);
    let first = lane.admit(&ctx("192.0.2.1"), "a").unwrap().run(|_| "a");
    let second = lane.admit(&ctx("192.0.2.1"), "b").unwrap().run(|_| "b");
    let other = lane.admit(&ctx("198.51.100.1"), "c").unwrap().run(|_| "c");
    assert_eq!(second.await, Err(Refusal::HashingBusy));
    drop(release);
    assert_eq!((first.await, other.await), (Ok("a"), Ok("c")));
}

#[tokio::test]
async fn p12_a_client_that_goes_away_frees_no_running_slot_and_its_waiting_hash_is_never_made() {
    let lane = lane(1, 4);
    let (release, occupier) = occupy(&lane);
    drop(occupier);
    assert_eq!(lane.stats().running, 1, "the hash runs on, and keeps its slot");
    for n in 0..1000 {
        let turn = lane
            .admit(&ctx("192.0.2.1"), &format!("user{n}"))
            .unwrap()
            .run(|_| unreachable!("its client has gone"));
        drop::<std::pin::Pin<Box<dyn Future<Output = Result<(), Refusal>>>>>(Box::pin(turn));
    }
    assert_eq!(lane.stats(), Stats { running: 1, abandoned: 1000, ..Stats::default() });
    drop(release);
    let permit = lane.admit(&ctx("192.0.2.1"), "next").unwrap();
    assert_eq!(permit.run(|_| ()).await, Ok(()));
    assert_eq!(lane.stats().hashes, 2);
}

#[tokio::test]
async fn an_unused_permit_gives_its_slot_back() {
    let lane = lane(1, 0);
    let permit = lane.admit(&ctx("192.0.2.1"), "tim").unwrap();
    assert!(lane.admit(&ctx("192.0.2.1"), "zoe").is_err());
    drop(permit);
    assert!(lane.admit(&ctx("192.0.2.1"), "zoe").is_ok());
}

#[tokio::test]
async fn a_panic_kills_neither_thread_nor_slot() {
    let lane = lane(1, 0);
    for _ in 0..3 {
        let permit = lane.admit(&ctx("192.0.2.1"), "tim").unwrap();
        assert_eq!(permit.run(|_| panic!("planted")).await, Err::<(), _>(Refusal::Internal));
    }
    let permit = lane.admit(&ctx("192.0.2.1"), "tim").unwrap();
    assert_eq!(permit.run(|_| 7).await, Ok(7));
}

#[tokio::test]
async fn with_the_last_handle_the_threads_stop_and_what_waits_is_told() {
    let lane = lane(1, 4);
    let shared = lane.shared();
    let (release, occupier) = occupy(&lane);
    let waiting = lane.admit(&ctx("192.0.2.1"), "tim").unwrap().run(|_| ());
    let other = lane.clone();
    drop(lane);
    assert_eq!(other.stats().waiting, 1, "a clone keeps it open");
    drop(other);
    assert_eq!(waiting.await, Err(Refusal::HashingBusy));
    drop(release);
    assert_eq!(occupier.await, Ok(()), "what ran was finished");
    while shared.strong_count() > 0 {
        std::thread::yield_now();
    }
}
