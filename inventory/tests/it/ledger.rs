//! Every effect on stock is in the ledger, exactly once, whatever was answered, and nothing else.

use std::time::Duration;

use axum::http::Request;
use insta::assert_snapshot;
use shared::ledger::Record;
use smol_str::{SmolStr, ToSmolStr};

use crate::stockroom::{Answer, Stockroom, TWO_AND_ONE, naming};

const NOBODYS: &str = r#"{"items":[{"sku":"ITEM-002","quantity":1}]}"#;

async fn records(stockroom: &Stockroom) -> Vec<Record> {
    let page = stockroom.get("/inventory/ledger").await.json();
    serde_json::from_value(page["records"].clone()).unwrap()
}

/// A line a record: whose it is, and what.
async fn told(stockroom: &Stockroom) -> String {
    let told = |record: &Record| {
        let (seq, order) = (record.seq(), record.order().unwrap_or("nobody"));
        match record {
            Record::Request(request) => {
                let answer = request.error.clone().or(request.status.map(|status| status.to_smolstr()));
                format!("{seq}: {order} asked {}: {}\n", request.operation, answer.unwrap_or_default())
            }
            Record::Effect(effect) => {
                assert_eq!((effect.amount, &effect.detail), (None, &None));
                let by = effect.request.map_or_else(|| effect.at.to_string(), |request| request.to_string());
                format!("{seq}: {order}: {} {} ({by})\n", effect.resource, effect.effect)
            }
        }
    };
    records(stockroom).await.iter().map(told).collect()
}

/// What happened, and by which request.
async fn effects(stockroom: &Stockroom) -> Vec<(SmolStr, Option<u64>)> {
    let effect = |record| match record {
        Record::Effect(effect) => Some((effect.effect, effect.request)),
        Record::Request(_) => None,
    };
    records(stockroom).await.into_iter().filter_map(effect).collect()
}

async fn post_for(stockroom: &Stockroom, correlation: &str, path: &str, body: &str) -> Answer {
    let request = Request::post(path).header("x-correlation-id", correlation);
    stockroom.send(request.body(body.to_owned().into()).unwrap()).await
}

async fn half_an_hour() {
    tokio::time::sleep(Duration::from_secs(30 * 60)).await;
}

#[tokio::test(start_paused = true)]
async fn each_effect_names_its_reservation_its_order_and_its_request() {
    let stockroom = Stockroom::calm();
    let released = stockroom.reserved().await;
    stockroom.release(&released).await;
    stockroom.reserved().await;
    half_an_hour().await;
    half_an_hour().await;
    let read = told(&stockroom).await;
    assert_snapshot!(read, @"
    1: ORD-123 asked inventory.reserve: 201
    2: ORD-123: res_5e7bcb9b0b59a329 reserved (1)
    3: ORD-123 asked inventory.release: 200
    4: ORD-123: res_5e7bcb9b0b59a329 released (3)
    5: ORD-123 asked inventory.reserve: 201
    6: ORD-123: res_744413541b9db24f reserved (5)
    7: ORD-123: res_744413541b9db24f expired (2026-03-01T10:30:00Z)
    ");
    assert_eq!(told(&stockroom).await, read, "it expires once");
}

#[tokio::test(start_paused = true)]
async fn every_outcome_of_a_reserve_is_told_as_what_it_was() {
    let reserve = inventory::OPERATIONS[0];
    let mut table = String::new();
    for outcome in reserve.possible() {
        let script = format!("inventory.reserve#1={}", outcome.name);
        let stockroom = Stockroom::with(&[("CHAOS_FAILURE_RATE", "0"), ("CHAOS_SCRIPT", &script)]);
        stockroom.post_under("key", "/inventory/reserve", TWO_AND_ONE).await;
        let at_once = effects(&stockroom).await;
        stockroom.post_under("key", "/inventory/reserve", TWO_AND_ONE).await;
        table += &format!("{} | {at_once:?} | {:?}\n", outcome.name, effects(&stockroom).await);
    }
    assert_snapshot!(table, @r#"
    success | [("reserved", Some(1))] | [("reserved", Some(1))]
    internal_error | [] | [("reserved", Some(2))]
    unavailable | [] | [("reserved", Some(2))]
    rate_limited | [] | [("reserved", Some(2))]
    timeout | [] | [("reserved", Some(2))]
    hang | [] | [("reserved", Some(2))]
    reset | [] | [("reserved", Some(2))]
    empty | [] | [("reserved", Some(2))]
    slow | [("reserved", Some(1))] | [("reserved", Some(1))]
    timeout_after | [("reserved", Some(1))] | [("reserved", Some(1))]
    internal_error_after | [("reserved", Some(1))] | [("reserved", Some(1))]
    lost_response | [("reserved", Some(1))] | [("reserved", Some(1))]
    malformed | [("reserved", Some(1))] | [("reserved", Some(1))]
    out_of_stock | [] | []
    "#);
}

#[tokio::test(start_paused = true)]
async fn every_outcome_of_a_release_is_told_as_what_it_was() {
    let release = inventory::OPERATIONS[1];
    let mut table = String::new();
    for outcome in release.possible() {
        let script = format!("inventory.release#1={}", outcome.name);
        let stockroom = Stockroom::with(&[("CHAOS_FAILURE_RATE", "0"), ("CHAOS_SCRIPT", &script)]);
        let body = naming(&stockroom.reserved().await);
        stockroom.post_under("key", "/inventory/release", &body).await;
        let at_once = effects(&stockroom).await.split_off(1);
        stockroom.post_under("key", "/inventory/release", &body).await;
        stockroom.post("/inventory/release", &body).await;
        half_an_hour().await;
        let all = effects(&stockroom).await.split_off(1);
        table += &format!("{} | {at_once:?} | {all:?}\n", outcome.name);
    }
    assert_snapshot!(table, @r#"
    success | [("released", Some(3))] | [("released", Some(3))]
    internal_error | [] | [("released", Some(4))]
    unavailable | [] | [("released", Some(4))]
    rate_limited | [] | [("released", Some(4))]
    timeout | [] | [("released", Some(4))]
    hang | [] | [("released", Some(4))]
    reset | [] | [("released", Some(4))]
    empty | [] | [("released", Some(4))]
    slow | [("released", Some(3))] | [("released", Some(3))]
    timeout_after | [("released", Some(3))] | [("released", Some(3))]
    internal_error_after | [("released", Some(3))] | [("released", Some(3))]
    lost_response | [("released", Some(3))] | [("released", Some(3))]
    malformed | [("released", Some(3))] | [("released", Some(3))]
    "#);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_told_of_what_is_refused_or_only_looked_at() {
    let stockroom = Stockroom::with(&[("CHAOS_FAILURE_RATE", "0"), ("INVENTORY_CAPACITY", "1")]);
    let id = stockroom.reserved().await;
    stockroom.post("/inventory/reserve", TWO_AND_ONE).await;
    let too_many = TWO_AND_ONE.replace("\"quantity\":2", "\"quantity\":6");
    stockroom.release("res_1").await;
    stockroom.status(&id).await;
    stockroom.post("/inventory/check", NOBODYS).await;
    stockroom.post("/inventory/check", "{}").await;
    stockroom.post("/inventory/reserve", "{}").await;
    half_an_hour().await;
    stockroom.release(&id).await;
    stockroom.post("/inventory/reserve", &too_many).await;
    assert_snapshot!(told(&stockroom).await, @"
    1: ORD-123 asked inventory.reserve: 201
    2: ORD-123: res_5e7bcb9b0b59a329 reserved (1)
    3: ORD-123 asked inventory.reserve: store_full
    4: nobody asked inventory.release: not_found
    5: ORD-123 asked inventory.status: 200
    6: nobody asked inventory.check: 200
    7: nobody asked inventory.check: validation_error
    8: nobody asked inventory.reserve: validation_error
    9: ORD-123: res_5e7bcb9b0b59a329 expired (2026-03-01T10:30:00Z)
    10: ORD-123 asked inventory.release: reservation_expired
    11: ORD-123 asked inventory.reserve: out_of_stock
    ");
}

#[tokio::test(start_paused = true)]
async fn what_has_no_order_belongs_to_the_clients_correlation_id_also_when_the_clock_does_it() {
    let stockroom = Stockroom::calm();
    let reserved = post_for(&stockroom, "basket-1", "/inventory/reserve", NOBODYS).await.json();
    let body = naming(reserved["reservationId"].as_str().unwrap());
    post_for(&stockroom, "basket-1", "/inventory/release", &body).await;
    post_for(&stockroom, "basket-2", "/inventory/reserve", NOBODYS).await;
    stockroom.post("/inventory/reserve", NOBODYS).await;
    post_for(&stockroom, "basket-3", "/inventory/reserve", TWO_AND_ONE).await;
    half_an_hour().await;
    assert_snapshot!(told(&stockroom).await, @"
    1: basket-1 asked inventory.reserve: 201
    2: basket-1: res_d2628ebda58b5fce reserved (1)
    3: basket-1 asked inventory.release: 200
    4: basket-1: res_d2628ebda58b5fce released (3)
    5: basket-2 asked inventory.reserve: 201
    6: basket-2: res_73d51eab91988d0a reserved (5)
    7: nobody asked inventory.reserve: 201
    8: nobody: res_ab0848cb39931f61 reserved (7)
    9: ORD-123 asked inventory.reserve: 201
    10: ORD-123: res_5e7bcb9b0b59a329 reserved (9)
    11: ORD-123: res_5e7bcb9b0b59a329 expired (2026-03-01T10:30:00Z)
    12: basket-2: res_73d51eab91988d0a expired (2026-03-01T10:30:00Z)
    13: nobody: res_ab0848cb39931f61 expired (2026-03-01T10:30:00Z)
    ");
}
