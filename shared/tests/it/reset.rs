//! A reset while requests come: each comes before all of it, or after.

use std::slice;
use std::sync::{Arc, Mutex};
use std::thread::{Builder, JoinHandle, yield_now};

use axum::body::Body;
use http::Request;
use jiff::Timestamp;
use shared::ledger::{DomainStore, Record};
use shared::pipeline::Pipeline;
use tokio::runtime;

use crate::toy::{Toys, make_with};

/// A store that, while it is being cleared, gives a request every chance to slip in.
struct Slow {
    toys: Toys,
    asking: Mutex<Option<JoinHandle<String>>>,
}

impl DomainStore for Slow {
    fn expire(&self, _: Timestamp) {}

    fn clear(&self) {
        let toys = self.toys.clone();
        let ask = move || runtime::Builder::new_current_thread().build().unwrap().block_on(ask(&toys));
        let asking = Builder::new().spawn(ask).unwrap();
        for _ in 0..10_000 {
            if asking.is_finished() {
                break;
            }
            yield_now();
        }
        *self.asking.lock().unwrap() = Some(asking);
    }
}

async fn ask(toys: &Toys) -> String {
    toys.send(make_with(r#"{"colour":"red","orderId":"ORD-1"}"#, &[("idempotency-key", "k")])).await
}

#[tokio::test]
async fn an_answer_is_not_remembered_without_what_it_tells_of() {
    let toys = Toys::meeting("success=100%");
    let slow = Arc::new(Slow { toys: toys.clone(), asking: Mutex::default() });
    toys.pipeline().keep(slow.clone());
    Pipeline::reset(slice::from_ref(toys.pipeline()));
    let answer = slow.asking.lock().unwrap().take().unwrap().join().unwrap();
    assert!(answer.starts_with("201"), "{answer}");
    assert!(ask(&toys).await.contains("idempotent-replayed"));
    assert!(toys.ledger().contains(r#""effect":"made""#), "{}", toys.ledger());
}

/// The request comes while another pipeline under the same chaos is cleared, after its own was.
#[tokio::test]
async fn attempts_are_counted_from_one_in_a_ledger_that_was_emptied() {
    // Nothing is remembered under a key, so that every request is an attempt.
    let toys = Toys::meeting("internal_error=100%");
    let other = Pipeline::new(toys.pipeline().chaos().clone(), toys.pipeline().clock(), 100);
    let slow = Arc::new(Slow { toys: toys.clone(), asking: Mutex::default() });
    other.keep(slow.clone());
    ask(&toys).await;
    ask(&toys).await;
    Pipeline::reset(&[toys.pipeline().clone(), other]);
    slow.asking.lock().unwrap().take().unwrap().join().unwrap();
    let records = toys.pipeline().ledger().records();
    let [Record::Request(request)] = &records[..] else { panic!("{records:?}") };
    assert_eq!(request.attempt, Some(1));
    assert_eq!(toys.chaos().stats("toy")[0].requests, 1);
}

/// Reads, which have no key, keep the same order.
#[test]
fn no_attempt_is_written_into_a_ledger_that_does_not_have_those_before_it() {
    let toys = Toys::meeting("success=100%");
    let look = || async {
        for _ in 0..200 {
            toys.send(Request::get("/toy/status").body(Body::empty()).unwrap()).await;
        }
    };
    for _ in 0..20 {
        std::thread::scope(|scope| {
            for _ in 0..2 {
                let looking = || runtime::Builder::new_current_thread().build().unwrap().block_on(look());
                Builder::new().spawn_scoped(scope, looking).unwrap();
            }
            for _ in 0..20 {
                Pipeline::reset(slice::from_ref(toys.pipeline()));
                yield_now();
            }
        });
        let records = toys.pipeline().ledger().records();
        let attempts = records.iter().map(|record| match record {
            Record::Request(request) => request.attempt.unwrap(),
            Record::Effect(effect) => panic!("{effect:?}"),
        });
        let mut attempts: Vec<_> = attempts.collect();
        attempts.sort_unstable();
        assert_eq!(attempts, (1..=attempts.len() as u32).collect::<Vec<_>>());
    }
}
