//! A reset while requests come: each comes before all of it, or after.

use std::sync::{Arc, Mutex};
use std::thread::{Builder, JoinHandle, yield_now};

use jiff::Timestamp;
use shared::ledger::DomainStore;
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
    toys.pipeline().reset();
    let answer = slow.asking.lock().unwrap().take().unwrap().join().unwrap();
    assert!(answer.starts_with("201"), "{answer}");
    assert!(ask(&toys).await.contains("idempotent-replayed"));
    assert!(toys.ledger().contains(r#""effect":"made""#), "{}", toys.ledger());
}
