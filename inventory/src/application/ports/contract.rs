//! What every [`StockLedger`] must do, however it stores its data.

use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::StockLedger;
use crate::domain::{Error, Item, Items, Quantity, Reservation, ReservationId, Sku, State, Stock, require};

const TTL: Duration = Duration::from_secs(60);

/// Makes a ledger with this stock, for this many reservations.
type New = fn(Stock, usize) -> Box<dyn StockLedger>;

/// Runs the whole suite.
pub(crate) fn keep(new: New) {
    a_reservation_keeps_stock_aside_until_it_ends(new);
    a_refusal_changes_nothing(new);
    it_tells_which_ids_are_taken(new);
    time_passes_in_every_call(new);
    a_time_that_lags_behind_undoes_nothing(new);
    callers_at_once_do_not_oversell(new);
    a_full_ledger_does_not_ask(new);
    what_ended_first_is_forgotten_first(new);
    stock_is_conserved(new);
}

/// Five of A, three of B, two of anything else.
fn stock() -> Stock {
    Stock::new([(sku("A"), 5), (sku("B"), 3)].into(), 2)
}

fn sku(text: &str) -> Sku {
    Sku::parse(text).unwrap()
}

fn items(lines: &[(&str, u32)]) -> Items {
    let line = |(text, quantity): &(&str, u32)| Item {
        sku: sku(text),
        quantity: Quantity::new(*quantity).unwrap(),
        warehouse: None,
    };
    Items::new(lines.iter().map(line).collect()).unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn id(number: u64) -> ReservationId {
    ReservationId::from(number)
}

fn available(ledger: &dyn StockLedger, text: &str, now: i64) -> u64 {
    ledger.levels(&items(&[(text, 1)]), at(now))[0].available
}

fn reserve(
    ledger: &dyn StockLedger,
    number: u64,
    lines: &[(&str, u32)],
    now: i64,
) -> Result<Reservation, Error> {
    let items = items(lines);
    ledger.reserve(&items, at(now), &mut |levels, _| {
        require(levels)?;
        Ok(Reservation::new(id(number), items.clone(), Some("ORD-1".into()), at(now), TTL))
    })
}

fn release(ledger: &dyn StockLedger, number: u64, now: i64) -> Result<(), Error> {
    ledger.update(id(number), at(now), &mut |reservation| reservation.release(at(now)))
}

fn a_reservation_keeps_stock_aside_until_it_ends(new: New) {
    let ledger = new(stock(), 9);
    let reservation = reserve(&*ledger, 1, &[("A", 2), ("C", 1), ("A", 1)], 0).unwrap();
    assert_eq!(ledger.find(id(1), at(0)), Some(reservation));
    assert_eq!(["A", "B", "C", "D"].map(|sku| available(&*ledger, sku, 0)), [2, 3, 1, 2]);
    release(&*ledger, 1, 1).unwrap();
    assert_eq!(["A", "B", "C", "D"].map(|sku| available(&*ledger, sku, 1)), [5, 3, 2, 2]);
    assert_eq!(ledger.find(id(1), at(1)).unwrap().state(), State::Released { at: at(1) });
    assert_eq!(release(&*ledger, 1, 2), Err(Error::AlreadyReleased { id: id(1), at: at(1) }));
    assert_eq!(available(&*ledger, "A", 2), 5, "released once");
}

fn a_refusal_changes_nothing(new: New) {
    let ledger = new(stock(), 9);
    let Err(Error::OutOfStock { short }) = reserve(&*ledger, 1, &[("A", 5), ("B", 4)], 0) else {
        panic!("there are three of B");
    };
    assert_eq!(short.iter().map(|level| (level.requested, level.available)).collect::<Vec<_>>(), [(4, 3)]);
    let refused = ledger.reserve(&items(&[("A", 1)]), at(0), &mut |_, _| Err(Error::StockWithheld));
    assert_eq!(refused, Err(Error::StockWithheld));
    assert_eq!((ledger.find(id(1), at(0)), available(&*ledger, "A", 0)), (None, 5));

    let reservation = reserve(&*ledger, 1, &[("A", 1)], 0).unwrap();
    let refused = ledger.update(id(1), at(1), &mut |reservation| {
        reservation.release(at(1))?;
        Err(Error::StockWithheld)
    });
    assert_eq!(refused, Err(Error::StockWithheld));
    assert_eq!((ledger.find(id(1), at(1)), available(&*ledger, "A", 1)), (Some(reservation), 4));
    assert_eq!(release(&*ledger, 2, 1), Err(Error::UnknownReservation { id: id(2).to_string() }));
}

fn it_tells_which_ids_are_taken(new: New) {
    let ledger = new(stock(), 9);
    let first = reserve(&*ledger, 1, &[("A", 1)], 0).unwrap();
    let items = items(&[("A", 2)]);
    let second = ledger.reserve(&items, at(0), &mut |_, is_taken| {
        assert_eq!([1, 2].map(|number| is_taken(id(number))), [true, false]);
        Ok(Reservation::new(id(2), items.clone(), None, at(0), TTL))
    });
    assert_eq!(second.unwrap().id, id(2));
    assert_eq!((ledger.find(id(1), at(0)), available(&*ledger, "A", 0)), (Some(first), 2));
}

fn time_passes_in_every_call(new: New) {
    let expired = State::Expired { at: at(60) };
    let ledger = new(stock(), 9);
    reserve(&*ledger, 1, &[("A", 5)], 0).unwrap();
    assert_eq!(available(&*ledger, "A", 59), 0);
    assert_eq!(available(&*ledger, "A", 60), 5, "levels");
    reserve(&*ledger, 2, &[("A", 5)], 60).unwrap();
    assert!(reserve(&*ledger, 3, &[("A", 5)], 119).is_err());
    assert!(reserve(&*ledger, 3, &[("A", 5)], 120).is_ok(), "reserve");
    assert_eq!(
        release(&*ledger, 3, 500),
        Err(Error::ReservationExpired { id: id(3), at: at(180) }),
        "update"
    );
    reserve(&*ledger, 4, &[("A", 5)], 500).unwrap();
    assert_eq!(ledger.find(id(4), at(9999)).unwrap().state(), State::Expired { at: at(560) }, "find");
    assert_eq!(ledger.find(id(1), at(9999)).unwrap().state(), expired);
}

fn a_time_that_lags_behind_undoes_nothing(new: New) {
    let ledger = new(stock(), 9);
    reserve(&*ledger, 1, &[("A", 5)], 0).unwrap();
    assert_eq!(available(&*ledger, "A", 60), 5);
    assert_eq!(available(&*ledger, "A", 59), 5);
    assert_eq!(release(&*ledger, 1, 59), Err(Error::ReservationExpired { id: id(1), at: at(60) }));
    reserve(&*ledger, 2, &[("A", 5)], 59).unwrap();
    assert_eq!(available(&*ledger, "A", 118), 0);
    assert_eq!(available(&*ledger, "A", 119), 5);
}

fn callers_at_once_do_not_oversell(new: New) {
    let ledger = new(stock(), 100);
    let granted: usize = std::thread::scope(|scope| {
        let ledger = &*ledger;
        let caller =
            |number| scope.spawn(move || usize::from(reserve(ledger, number, &[("A", 1)], 0).is_ok()));
        let callers: Vec<_> = (0..20).map(caller).collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).sum()
    });
    assert_eq!((granted, available(&*ledger, "A", 0)), (5, 0));
}

fn a_full_ledger_does_not_ask(new: New) {
    let ledger = new(stock(), 1);
    reserve(&*ledger, 1, &[("A", 1)], 0).unwrap();
    let mut asked = false;
    let refused = ledger.reserve(&items(&[("A", 1)]), at(59), &mut |_, _| {
        asked = true;
        Err(Error::StockWithheld)
    });
    assert_eq!((refused, asked), (Err(Error::StoreFull { capacity: 1 }), false));
    assert_eq!(available(&*ledger, "A", 59), 4);
    reserve(&*ledger, 2, &[("A", 1)], 60).unwrap();
    assert_eq!(ledger.find(id(1), at(60)), None);
}

fn what_ended_first_is_forgotten_first(new: New) {
    let ledger = new(stock(), 3);
    for number in 1..=3 {
        reserve(&*ledger, number, &[("A", 1)], 0).unwrap();
    }
    release(&*ledger, 3, 1).unwrap();
    release(&*ledger, 1, 2).unwrap();
    let kept = |now| [1, 2, 3, 4, 5].map(|number| ledger.find(id(number), at(now)).is_some());
    let refused = ledger.reserve(&items(&[("A", 1)]), at(3), &mut |_, _| Err(Error::StockWithheld));
    assert!(refused.is_err());
    assert_eq!(kept(3), [true, true, true, false, false], "nothing is evicted without need");
    reserve(&*ledger, 4, &[("A", 1)], 3).unwrap();
    assert_eq!(kept(3), [true, true, false, true, false]);
    reserve(&*ledger, 5, &[("A", 1)], 3).unwrap();
    assert_eq!(kept(3), [false, true, false, true, true]);
}

#[derive(Clone, Debug)]
enum Step {
    Reserve(Vec<(&'static str, u32)>),
    /// The reservation made this many ago.
    Release(usize),
    Wait(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let line = (prop::sample::select(vec!["A", "B", "C"]), 1u32..=4);
    let step = prop_oneof![
        4 => prop::collection::vec(line, 1..4).prop_map(Step::Reserve),
        2 => (0usize..6).prop_map(Step::Release),
        2 => (0i64..50).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 1..60)
}

/// A reservation as the property sees it.
struct Expected {
    lines: Vec<(&'static str, u32)>,
    until: i64,
    released: bool,
}

/// Over any sequence of reserve, release and expiry, what is available plus what live reservations hold
/// is the stock, for every SKU; and reserve is refused exactly where it would go below zero.
fn stock_is_conserved(new: New) {
    let property = |steps: Vec<Step>| {
        let ledger = new(stock(), 1000);
        let (mut now, mut made) = (0, Vec::<Expected>::new());
        let left = |made: &[Expected], now: i64, sku: &str| {
            let live = made.iter().filter(|reservation| !reservation.released && now < reservation.until);
            let kept = live.flat_map(|reservation| &reservation.lines).filter(|line| line.0 == sku);
            let total = if sku == "A" {
                5
            } else if sku == "B" {
                3
            } else {
                2
            };
            total - kept.map(|line| i64::from(line.1)).sum::<i64>()
        };
        for step in steps {
            match step {
                Step::Wait(seconds) => now += seconds,
                Step::Reserve(lines) => {
                    let number = made.len() as u64;
                    made.push(Expected { lines, until: now + 60, released: false });
                    let covered = ["A", "B", "C"].iter().all(|sku| left(&made, now, sku) >= 0);
                    let reserved = reserve(&*ledger, number, &made[made.len() - 1].lines, now);
                    prop_assert_eq!(reserved.is_ok(), covered);
                    if !covered {
                        made.pop();
                    }
                }
                Step::Release(ago) => {
                    let Some(which) = made.len().checked_sub(1 + ago) else { continue };
                    let live = !made[which].released && now < made[which].until;
                    prop_assert_eq!(release(&*ledger, which as u64, now).is_ok(), live);
                    made[which].released |= live;
                }
            }
            for sku in ["A", "B", "C"] {
                let told = available(&*ledger, sku, now);
                prop_assert_eq!(i64::try_from(told).unwrap(), left(&made, now, sku), "{}", sku);
            }
        }
        Ok(())
    };
    TestRunner::default().run(&steps(), property).unwrap();
}
