//! A reset while a label is generated: its request ends, and harms nothing that came after.

use std::slice;
use std::time::Duration;

use shared::pipeline::Pipeline;

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn a_label_that_was_forgotten_is_not_made() {
    for seen in 1..=4 {
        let service = service([]);
        let mut events = service.stream("k").await.events();
        let id = id_in(&events.skip(seen).await);
        Pipeline::reset(slice::from_ref(&service.pipeline));
        let end = events.next().await.unwrap();
        assert!(end.contains("label_cancelled"), "{end}");
        assert!(service.status(&id).await.contains("not_found"));
        assert_eq!(service.pipeline.ledger().records().len(), 1, "the look at its status");
    }
}

/// After the reset the same is drawn again: the next label has the id and the key of the forgotten one.
#[tokio::test(start_paused = true)]
async fn a_request_from_before_leaves_the_label_of_its_id_and_the_key_alone() {
    for leaves in [true, false] {
        let service = service([]);
        let mut before = service.stream("k").await.events();
        let forgotten = id_in(&before.skip(2).await);
        Pipeline::reset(slice::from_ref(&service.pipeline));
        let mut after = service.stream("k").await.events();
        let id = id_in(&after.skip(1).await);
        assert_eq!(id, forgotten);
        if leaves {
            drop(before);
        } else {
            assert!(before.skip(1).await.contains("label_cancelled"));
        }
        assert!(service.status(&id).await.contains("generating"));
        assert!(service.label("k").await.contains("idempotency_in_progress"));
        leave_after(Duration::from_secs(3), after.next()).await;
        assert!(after.skip(5).await.starts_with("event: label"));
        assert!(service.label("k").await.contains("idempotent-replayed"));
    }
}
