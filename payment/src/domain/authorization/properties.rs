//! In any sequence of requests, no money appears or is lost.

use jiff::Timestamp;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::domain::Currency;

#[derive(Clone, Debug)]
enum Ask {
    Capture,
    Release,
    Expire,
    Refund { millionths: Option<i64> },
}

fn asks() -> impl Strategy<Value = Vec<Ask>> {
    let ask = prop_oneof![
        2 => Just(Ask::Capture),
        1 => Just(Ask::Release),
        1 => Just(Ask::Expire),
        6 => proptest::option::weighted(0.9, 1..400_i64).prop_map(|millionths| Ask::Refund { millionths }),
    ];
    proptest::collection::vec(ask, 0..20)
}

fn amount(millionths: i64) -> Amount {
    Amount::new(Decimal::new(millionths, 6)).unwrap()
}

fn held(millionths: i64) -> Authorization {
    Authorization::new(Terms {
        id: 1.into(),
        money: Money { amount: amount(millionths), currency: Currency::parse("usd").unwrap() },
        order_id: None,
        customer_id: None,
        created_at: Timestamp::UNIX_EPOCH,
        expires_at: Timestamp::MAX,
    })
}

fn ask(authorization: &mut Authorization, ask: &Ask, id: u64) -> Result<(), Error> {
    let at = Timestamp::UNIX_EPOCH;
    match ask {
        Ask::Capture => drop(authorization.held()?.capture(at)),
        Ask::Release => drop(authorization.held()?.release(at)),
        Ask::Expire => drop(authorization.held()?.expire(at)),
        Ask::Refund { millionths } => {
            drop(authorization.refund(millionths.map(amount), None, at, || id.into())?);
        }
    }
    Ok(())
}

fn may_follow(before: Status, after: Status) -> bool {
    use Status::{Authorized, Captured, Expired, Refunded, Released};
    matches!((before, after), (Authorized, Captured | Released | Expired) | (Captured, Captured | Refunded))
}

proptest! {
    #[test]
    fn no_money_appears_or_gets_lost(millionths in 1..1000_i64, asks in asks()) {
        let mut authorization = held(millionths);
        for (id, next) in (0..).zip(&asks) {
            let before = authorization.clone();
            match ask(&mut authorization, next, id) {
                Ok(()) => prop_assert!(may_follow(before.status(), authorization.status()), "{before:?} {next:?}"),
                Err(_) => prop_assert_eq!(&authorization, &before, "a refusal changes nothing"),
            }
            let refunded: Decimal = authorization.refunds().iter().map(|refund| refund.amount.size()).sum();
            let captured = Decimal::new(millionths, 6);
            match authorization.status() {
                Status::Captured => prop_assert!(refunded < captured),
                Status::Refunded => prop_assert_eq!(refunded, captured),
                _ => prop_assert!(authorization.refunds().is_empty()),
            }
        }
    }

    #[test]
    fn what_was_captured_can_always_be_given_back(parts in proptest::collection::vec(1..100_i64, 0..200)) {
        let mut authorization = held(10_000);
        authorization.held().unwrap().capture(Timestamp::UNIX_EPOCH);
        for (id, part) in (0..).zip(parts) {
            let _refused_when_too_much = ask(&mut authorization, &Ask::Refund { millionths: Some(part) }, id);
        }
        if authorization.status() == Status::Captured {
            ask(&mut authorization, &Ask::Refund { millionths: None }, u64::MAX).unwrap();
        }
        prop_assert_eq!(authorization.status(), Status::Refunded);
        prop_assert!(authorization.refunds().len() <= MAX_REFUNDS);
    }
}

#[test]
fn refunds_of_one_authorization_have_different_ids() {
    let mut authorization = held(100);
    authorization.held().unwrap().capture(Timestamp::UNIX_EPOCH);
    let mut ids = [7, 7, 7, 8].into_iter().map(RefundId::from);
    for _ in 0..2 {
        authorization.refund(Some(amount(1)), None, Timestamp::UNIX_EPOCH, || ids.next().unwrap()).unwrap();
    }
    let ids: Vec<_> = authorization.refunds().iter().map(|refund| refund.id).collect();
    assert_eq!(ids, [7, 8].map(RefundId::from));
}
