//! What cannot be undone at once, or not the way it was thought.

use orchestrator::activities::{ActivitySettings, AttemptSettings};
use orchestrator::domain::OrderStatus;
use orchestrator::workflow::{Reception, SearchValue};
use orchestrator::workflows::order_fulfillment::{CANCEL, REJECT, RETRY, reason};

use super::judge::judge;
use super::running::run_in;
use super::scenario::{Decision, Scenario};
use super::world::{Ending, World, in_virtual_time};

/// More attempts than an undo makes before it gives up.
const EVERY_ATTEMPT: std::ops::RangeInclusive<u32> = 1..=150;

fn always(operation: &str, outcome: &str) -> String {
    EVERY_ATTEMPT.map(|attempt| format!("{operation}#{attempt}={outcome};")).collect()
}

#[test]
fn what_cannot_be_undone_waits_for_a_person() {
    in_virtual_time(async {
        let world = World::new(&always("payment.release", "internal_error"));
        let scenario = Scenario::new(Decision::Early(REJECT));
        let mut order = world.orchestrator("ORD-1", &scenario);
        order.place().await;
        order.decide().await;
        let undoing = order.until(|state| !state.compensations.is_empty()).await;
        assert_eq!(undoing.status, OrderStatus::Processing);
        assert_eq!(undoing.current_step.as_deref(), Some("release_payment"));
        assert_eq!(order.signal(CANCEL).await, Reception::too_late(reason::ALREADY_COMPENSATING));

        let stuck = order.until(|state| !state.needs_attention.is_empty()).await;
        assert_eq!((stuck.status, stuck.error.as_deref()), (OrderStatus::Failed, Some("rejected")));
        assert!(order.needs_attention().await);
        assert_eq!(order.search_attribute("OrderStatus").await, Some(keyword("failed")));
        assert_eq!(order.signal(CANCEL).await, Reception::too_late(reason::ALREADY_ENDED));
        // Later tries are under the same key: the verdict finds but one.
        while order.signal(RETRY).await == Reception::Accepted {
            order.until(|state| state.status != OrderStatus::Processing).await;
        }
        let state = order.result().await;
        assert_eq!((state.status, state.error.as_deref()), (OrderStatus::Rejected, Some("rejected")));
        assert!(!order.needs_attention().await);
        // The order's own limit was over long ago, and did not count any more.
        assert!(!order.history().await.iter().any(|event| event == "timer_fired"));
        assert_eq!(order.search_attribute("OrderStatus").await, Some(keyword("rejected")));
        let ending = Ending { state, wire: order.wire, is_struck: false };
        assert_eq!(judge(&world, &ending, &scenario).await, Vec::<String>::new());
    });
}

#[test]
fn backends_that_have_forgotten_an_order_leave_it_to_a_person() {
    in_virtual_time(async {
        let (world, empty) = (World::new(""), World::new(""));
        let scenario = Scenario::approved();
        let mut order = world.orchestrator("ORD-1", &scenario);
        order.place().await;
        order.decide().await;
        order.until(|state| state.current_step.as_deref() == Some("shipping_label")).await;
        order.wire.reach(&empty.backends);
        assert_eq!(order.signal(CANCEL).await, Reception::Accepted);
        let stuck = order.until(|state| state.status == OrderStatus::Failed).await;
        let stuck: Vec<_> = stuck.needs_attention.iter().map(|item| (&*item.name, &*item.reason)).collect();
        let expected = ["cancel_shipping", "refund_payment", "release_inventory"];
        assert_eq!(stuck.iter().map(|(name, _)| *name).collect::<Vec<_>>(), expected);
        assert!(stuck.iter().all(|(_, reason)| reason.starts_with("not_found: ")), "{stuck:?}");
        assert_eq!(order.signal(RETRY).await, Reception::Accepted);
        order.until(|state| state.status == OrderStatus::Failed).await;

        order.wire.reach(&world.backends);
        assert_eq!(order.signal(RETRY).await, Reception::Accepted);
        let state = order.result().await;
        assert_eq!(state.status, OrderStatus::Cancelled);
        let ending = Ending { state, wire: order.wire, is_struck: false };
        assert_eq!(judge(&world, &ending, &scenario).await, Vec::<String>::new());
    });
}

fn keyword(text: &str) -> SearchValue {
    SearchValue::Keyword(text.into())
}

/// One attempt at the money, whose answer is lost after it was taken.
fn capture_whose_answer_is_lost() -> Scenario {
    let default = ActivitySettings::default();
    let payment = AttemptSettings { retries: 0, ..default.payment };
    let settings = ActivitySettings { payment, ..default };
    Scenario { settings, ..Scenario::approved() }.with("payment.capture", 1, "lost_response")
}

#[test]
fn when_the_answers_to_capture_are_lost_its_status_decides() {
    in_virtual_time(async {
        let scenario = capture_whose_answer_is_lost();
        let world = World::new(&scenario.script(None));
        let (ending, wrong) = run_in(&world, "ORD-1", &scenario).await;
        assert_eq!((ending.state.status, wrong), (OrderStatus::Shipped, None));
    });
}

#[test]
fn a_hold_that_turns_out_to_be_captured_is_refunded() {
    in_virtual_time(async {
        let scenario = capture_whose_answer_is_lost();
        let world = World::new(&(scenario.script(None) + &always("payment.status", "internal_error")));
        let (ending, wrong) = run_in(&world, "ORD-1", &scenario).await;
        // The order of undoing is the only thing wrong with it: nobody knew better.
        assert_eq!(wrong.unwrap().lines().skip(1).collect::<Vec<_>>(), ["  undone in the wrong order"]);
        assert_eq!(ending.state.status, OrderStatus::Failed);
        let paths: Vec<_> = ending.wire.log().into_iter().map(|noted| noted.path).collect();
        assert!(paths.iter().filter(|path| path.ends_with("/status")).count() > 50);
        assert!(paths.ends_with(&["/payment/release".to_owned(), "/payment/refund".to_owned()]));
    });
}
