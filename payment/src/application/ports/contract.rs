//! The contract that every [`AuthorizationStore`] must satisfy.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use jiff::{SignedDuration, Timestamp};

use super::AuthorizationStore;
use crate::domain::{Amount, AuthId, Authorization, Currency, Error, Money, Status, Terms};

type Store = Box<dyn AuthorizationStore>;

/// Runs the contract over the stores that `bounded_to` makes for a capacity.
pub(crate) fn holds_for(bounded_to: impl Fn(usize) -> Store) {
    keeps_what_is_added(&bounded_to(9));
    adds_nothing_when_refused(&bounded_to(9));
    keeps_what_a_step_did(&bounded_to(9));
    expires_holds_by_the_time_it_is_given(&bounded_to(9));
    makes_each_change_one_step(&bounded_to(9));
    forgets_what_was_settled_longest_ago(&bounded_to(3));
    never_forgets_what_is_not_settled(&bounded_to(2));
    makes_room_by_expiry(&bounded_to(2));
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn id(number: u64) -> AuthId {
    AuthId::from(number)
}

/// Held from `created` on for ten seconds.
fn held(number: u64, created: i64) -> Authorization {
    let amount = Amount::new("109.97".parse().unwrap()).unwrap();
    Authorization::new(Terms {
        id: id(number),
        money: Money { amount, currency: Currency::parse("usd").unwrap() },
        order_id: None,
        customer_id: None,
        created_at: at(created),
        expires_at: at(created) + SignedDuration::from_secs(10),
    })
}

fn add(store: &Store, number: u64, now: i64) -> Result<Authorization, Error> {
    store.add(at(now), &mut |_| Ok(held(number, now)))
}

fn release(store: &Store, number: u64, now: i64) {
    store.change(id(number), at(now), &mut |authorization| {
        authorization.held().unwrap().release(at(now));
    });
}

fn status(store: &Store, number: u64, now: i64) -> Option<Status> {
    store.find(id(number), at(now)).map(|authorization| authorization.status())
}

fn keeps_what_is_added(store: &Store) {
    assert_eq!(add(store, 1, 0), Ok(held(1, 0)));
    let mut taken = (false, true);
    store
        .add(at(0), &mut |is_taken| {
            taken = (is_taken(id(1)), is_taken(id(2)));
            Ok(held(2, 0))
        })
        .unwrap();
    assert_eq!(taken, (true, false));
    assert_eq!(store.find(id(1), at(0)), Some(held(1, 0)));
    assert_eq!(store.find(id(3), at(0)), None);
}

fn adds_nothing_when_refused(store: &Store) {
    let refusal = Error::InsufficientFunds { money: held(1, 0).terms().money };
    let refused = store.add(at(0), &mut |_| Err(refusal.clone()));
    assert_eq!(refused, Err(refusal));
    assert_eq!(store.find(id(1), at(0)), None);
}

fn keeps_what_a_step_did(store: &Store) {
    add(store, 1, 0).unwrap();
    let known = store.change(id(1), at(5), &mut |authorization| {
        authorization.held().unwrap().capture(at(5));
    });
    assert!(known);
    assert_eq!(store.find(id(1), at(100)).unwrap().captured_at(), Some(at(5)));
    assert!(!store.change(id(2), at(5), &mut |_| panic!("there is nothing to change")));
}

fn expires_holds_by_the_time_it_is_given(store: &Store) {
    (1..=3).for_each(|number| drop(add(store, number, 0)));
    release(store, 3, 9);
    assert_eq!(status(store, 1, 9), Some(Status::Authorized));
    assert_eq!(store.find(id(1), at(10)).unwrap().expired_at(), Some(at(10)));
    assert_eq!(store.find(id(3), at(10)).unwrap().released_at(), Some(at(9)));
    let mut seen = None;
    store.change(id(2), at(99), &mut |authorization| seen = authorization.expired_at());
    assert_eq!(seen, Some(at(10)));
}

fn makes_each_change_one_step(store: &Store) {
    add(store, 1, 0).unwrap();
    let captured = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                store.change(id(1), at(1), &mut |authorization| {
                    if let Ok(held) = authorization.held() {
                        std::thread::yield_now();
                        held.capture(at(1));
                        captured.fetch_add(1, Relaxed);
                    }
                })
            });
        }
    });
    assert_eq!(captured.load(Relaxed), 1);
}

fn forgets_what_was_settled_longest_ago(store: &Store) {
    add(store, 1, 0).unwrap();
    add(store, 2, 0).unwrap();
    release(store, 2, 1);
    add(store, 3, 1).unwrap();
    assert_eq!(status(store, 2, 1), Some(Status::Released), "there is room for all");
    release(store, 1, 2);
    store.add(at(3), &mut |_| Err(Error::StoreFull { capacity: 0 })).unwrap_err();
    assert_eq!(status(store, 2, 3), Some(Status::Released), "a refusal makes no room");
    add(store, 4, 3).unwrap();
    let known = [1, 2, 3, 4].map(|number| status(store, number, 3).is_some());
    assert_eq!(known, [true, false, true, true]);
}

fn never_forgets_what_is_not_settled(store: &Store) {
    add(store, 1, 0).unwrap();
    add(store, 2, 0).unwrap();
    store.change(id(1), at(1), &mut |authorization| {
        authorization.held().unwrap().capture(at(1));
    });
    let full = store.add(at(2), &mut |_| panic!("there is no room"));
    assert_eq!(full, Err(Error::StoreFull { capacity: 2 }));
    store.change(id(1), at(3), &mut |authorization| {
        authorization.refund(None, None, at(3), || 1.into()).unwrap();
    });
    add(store, 3, 3).unwrap();
    let known = [1, 2, 3].map(|number| status(store, number, 3));
    assert_eq!(known, [None, Some(Status::Authorized), Some(Status::Authorized)]);
}

fn makes_room_by_expiry(store: &Store) {
    add(store, 1, 1).unwrap();
    add(store, 2, 0).unwrap();
    assert!(add(store, 3, 9).is_err());
    add(store, 3, 10).unwrap();
    assert_eq!(status(store, 2, 10), None, "the hold that expired first leaves first");
    assert_eq!(status(store, 1, 10), Some(Status::Authorized));
}
