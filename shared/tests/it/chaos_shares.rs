//! The configured share is the observed share, and nothing but the seed and the key decides.

use std::sync::Arc;

use shared::chaos::{Chaos, DrawKey, Plan};
use shared::environment::Environment;

use crate::toy::{MAKE, OPERATIONS};

fn chaos(seed: u64) -> Chaos {
    Chaos::new(Plan::from_environment(&Environment::default(), OPERATIONS, seed).unwrap())
}

#[test]
fn observed_shares_fit_the_table() {
    for seed in 0..5 {
        let chaos = chaos(seed);
        let orders = 50_000;
        for order in 0..orders {
            chaos.draw(&MAKE, DrawKey::Order(&format!("ORD-{order}")), None);
        }
        let stats = &chaos.stats("toy")[0];
        let chi_square: f64 = stats
            .outcomes
            .iter()
            .map(|outcome| {
                let expected = outcome.configured * f64::from(orders);
                (outcome.drawn as f64 - expected).powi(2) / expected
            })
            .sum();
        // Three degrees of freedom: 16.27 is exceeded once in a thousand seeds.
        assert!(chi_square < 16.27, "seed {seed}: {chi_square}");
    }
}

#[test]
fn attempts_of_an_order_are_drawn_independently() {
    let chaos = chaos(7);
    let pairs = 20_000;
    let mut both = 0;
    for order in 0..pairs {
        let order = format!("ORD-{order}");
        let [first, second] =
            [(); 2].map(|()| chaos.draw(&MAKE, DrawKey::Order(&order), None).outcome.name == "success");
        both += i32::from(first && second);
    }
    // 16 % of pairs, with a standard deviation of 52.
    assert!((both - 3200).abs() < 260, "{both}");
}

#[test]
fn threads_and_other_orders_change_nothing_for_an_order() {
    let outcomes = |chaos: &Chaos, order: u32| {
        let order = format!("ORD-{order}");
        [(); 4].map(|()| {
            let mut drawn = chaos.draw(&MAKE, DrawKey::Order(&order), None);
            (drawn.attempt, drawn.outcome.name, drawn.draw.bits())
        })
    };
    let alone = chaos(7);
    let expected: Vec<_> = (0..2000).map(|order| outcomes(&alone, order)).collect();
    let crowded = Arc::new(chaos(7));
    std::thread::scope(|scope| {
        for thread in 0..8u32 {
            let (crowded, expected) = (Arc::clone(&crowded), &expected);
            scope.spawn(move || {
                for order in (0..2000).rev().filter(|order| order % 8 == thread) {
                    assert_eq!(outcomes(&crowded, order), expected[order as usize], "ORD-{order}");
                }
            });
        }
    });
}
