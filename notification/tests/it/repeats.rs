//! Messages that are sent again.

use crate::post_office::{MAIL, PostOffice, brief, is_replay};

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
