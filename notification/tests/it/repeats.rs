//! Messages that are sent again, or by clients that do not wait.

use std::pin::pin;
use std::time::Duration;

use tokio::time::timeout;

use crate::post_office::{MAIL, PostOffice, brief, is_replay, member};

const MOMENT: Duration = Duration::from_millis(100);

#[tokio::test(start_paused = true)]
async fn a_repeat_under_the_same_key_sends_nothing() {
    let office = PostOffice::scripted("");
    let first = office.send(Some("key"), MAIL).await;
    let again = office.send(Some("key"), MAIL).await;
    assert!(is_replay(&again));
    assert_eq!(again.1, first.1);
    let other = office.send(Some("key"), &MAIL.replace("on its way", "lost")).await;
    assert_eq!(brief(&other), "422 idempotency_key_reuse");
}

#[tokio::test(start_paused = true)]
async fn a_repeat_without_a_key_is_another_message() {
    let office = PostOffice::scripted("");
    let id = member(&office.send(None, MAIL).await, "notificationId");
    assert_ne!(member(&office.send(None, MAIL).await, "notificationId"), id);
}

#[tokio::test(start_paused = true)]
async fn a_repeat_that_comes_too_early_is_told_so() {
    let office = PostOffice::scripted("notification.send#1=timeout");
    let mut first = pin!(office.send(Some("key"), MAIL));
    timeout(MOMENT, &mut first).await.unwrap_err();
    assert_eq!(brief(&office.send(Some("key"), MAIL).await), "409 idempotency_in_progress");
    assert_eq!(brief(&first.await), "408 timeout");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_before_the_sending_leaves_nothing() {
    let office = PostOffice::scripted("notification.send#1=hang");
    timeout(MOMENT, office.send(Some("key"), MAIL)).await.unwrap_err();
    let again = office.send(Some("key"), MAIL).await;
    assert!(again.0 == 201 && !is_replay(&again));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_after_the_sending_changes_nothing() {
    let office = PostOffice::scripted("notification.send#1=slow");
    timeout(MOMENT, office.send(Some("key"), MAIL)).await.unwrap_err();
    let again = office.send(Some("key"), MAIL).await;
    assert!(again.0 == 201 && is_replay(&again));
    assert_eq!(office.look_up(&member(&again, "notificationId")).await.0, 200);
}
