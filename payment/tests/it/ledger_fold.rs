//! The ledger's effects and the status agree, whatever was requested, drawn and waited for.

use std::collections::BTreeMap;
use std::time::Duration;

use payment::OPERATIONS;
use proptest::prelude::*;
use proptest::sample::select;
use rust_decimal::Decimal;
use serde_json::Value;
use shared::ledger::{Effect, Record};

use crate::service::{Service, pass};

/// One request about the authorization, and the time before it.
#[derive(Clone, Debug)]
struct Ask {
    operation: &'static str,
    outcome: &'static str,
    cents: Option<i64>,
    key: Option<u8>,
    wait: Duration,
    /// Whether the client leaves after a second.
    leaves: bool,
}

fn ask() -> impl Strategy<Value = Ask> {
    let writes: Vec<_> = OPERATIONS[1..4].to_vec();
    let met = select(writes).prop_flat_map(|operation| {
        select(operation.possible().map(|o| o.name).collect::<Vec<_>>())
            .prop_map(move |outcome| (operation.name, outcome))
    });
    let cents = proptest::option::weighted(0.8, 1..6000_i64);
    let hours = prop_oneof![4 => 0..2_u64, 1 => 100..200_u64];
    (met, cents, proptest::option::of(0..3_u8), hours, proptest::bool::weighted(0.2)).prop_map(
        |((operation, outcome), cents, key, hours, leaves)| {
            let wait = Duration::from_secs(hours * 3600);
            Ask { operation, outcome, cents, key, wait, leaves }
        },
    )
}

/// The script in which each attempt meets the outcome of its turn.
fn script(asks: &[Ask]) -> String {
    let mut attempts = BTreeMap::new();
    let rule = |ask: &Ask| {
        let attempt = attempts.entry(ask.operation).or_insert(0);
        *attempt += 1;
        format!("{}#{attempt}={}", ask.operation, ask.outcome)
    };
    asks.iter().map(rule).collect::<Vec<_>>().join("; ")
}

async fn play(service: &Service, id: &str, Ask { operation, cents, key, wait, leaves, .. }: &Ask) {
    pass(*wait).await;
    let path = format!("/{}", operation.replace('.', "/"));
    let amount = cents.filter(|_| path.ends_with("refund")).map(|cents| Decimal::new(cents, 2));
    let amount = amount.map(|amount| format!(r#", "amount": {amount}"#)).unwrap_or_default();
    let body = format!(r#"{{"authId": "{id}"{amount}}}"#);
    let request = async {
        match key {
            Some(key) => service.post_under(&format!("{key}"), &path, &body).await,
            None => service.post(&path, &body).await,
        }
    };
    let limit = Duration::from_secs(if *leaves { 1 } else { 1000 });
    let _answered_or_not = tokio::time::timeout(limit, request).await;
}

/// What the effects of one authorization make of it.
#[derive(Debug, Default, PartialEq)]
struct Standing {
    status: String,
    held: Decimal,
    captured: Decimal,
    refunds: Vec<(Decimal, String)>,
    captured_at: Option<String>,
    released_at: Option<String>,
    expired_at: Option<String>,
}

impl Standing {
    fn after(mut self, effect: &Effect) -> Self {
        let (amount, at) = (effect.amount.map(|amount| amount.0), effect.at.to_string());
        let (from, status) = match effect.effect.as_str() {
            "held" => {
                self.held = amount.unwrap();
                ("", "authorized")
            }
            "captured" => {
                (self.captured, self.captured_at) = (amount.unwrap(), Some(at));
                ("authorized", "captured")
            }
            "released" => {
                self.released_at = Some(at);
                ("authorized", "released")
            }
            "expired" => {
                self.expired_at = Some(at);
                ("authorized", "expired")
            }
            "refunded" => {
                self.refunds.push((amount.unwrap(), at));
                let refunded: Decimal = self.refunds.iter().map(|(amount, _)| amount).sum();
                ("captured", if refunded == self.captured { "refunded" } else { "captured" })
            }
            other => panic!("what is {other}?"),
        };
        assert_eq!(self.status, from, "{effect:?}");
        Self { status: status.to_owned(), ..self }
    }

    fn read(status: &Value) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let decimal = |value: &Value| value.to_string().parse::<Decimal>().unwrap();
        let refunds = status["refunds"].as_array().unwrap();
        Self {
            status: text(&status["status"]).unwrap(),
            held: decimal(&status["amount"]),
            captured: decimal(&status["capturedAmount"]),
            refunds: refunds
                .iter()
                .map(|it| (decimal(&it["amount"]), text(&it["createdAt"]).unwrap()))
                .collect(),
            captured_at: text(&status["capturedAt"]),
            released_at: text(&status["releasedAt"]),
            expired_at: text(&status["expiredAt"]),
        }
    }
}

async fn ledger_and_status(asks: &[Ask]) -> (Standing, Standing) {
    let service = Service::under(&script(asks));
    let id = service.held().await;
    for ask in asks {
        play(&service, &id, ask).await;
    }
    let records = service.ledger().await;
    let mut folded = Standing::default();
    for record in &records {
        if let Record::Effect(effect) = record {
            assert_eq!((effect.order.as_deref(), effect.resource.as_str()), (Some("ORD-123"), id.as_str()));
            folded = folded.after(effect);
        }
    }
    let status = service.get(&format!("/payment/{id}/status")).await.json();
    (folded, Standing::read(&status))
}

proptest! {
    #[test]
    fn the_effects_add_up_to_the_status(asks in proptest::collection::vec(ask(), 0..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let (folded, status) = runtime.block_on(ledger_and_status(&asks));
        prop_assert_eq!(folded, status);
    }
}
