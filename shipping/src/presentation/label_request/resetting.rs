use std::slice;
use std::sync::{Arc, Mutex};
use std::thread::{Builder, JoinHandle, yield_now};
use std::time::Duration;

use axum::body::Body;
use http::Request;
use jiff::Timestamp;
use shared::chaos::{Chaos, Plan};
use shared::environment::Environment;
use shared::http::{Correlation, with_common};
use shared::pipeline::Pipeline;
use shared::time::Clock;
use tower::ServiceExt;

use super::super::routes::{Shipping, bare};
use crate::application::LabelService;
use crate::application::ports::{AddError, LabelStore};
use crate::domain::{Error, Label, LabelId};
use crate::infrastructure::memory_labels::MemoryLabels;

const ORDER: &str = r#"{"shippingAddress":{"street":"123 Main St","city":"San Francisco","state":"CA","zip":"94105","country":"US"},"orderId":"ORD-123"}"#;

/// Labels that, after adding one, give a reset every chance to slip in.
#[derive(Debug)]
struct Slow {
    labels: Arc<MemoryLabels>,
    pipeline: Pipeline,
    resetting: Mutex<Option<JoinHandle<()>>>,
}

impl LabelStore for Slow {
    fn ensure_room(&self) -> Result<(), Error> {
        self.labels.ensure_room()
    }

    fn add(&self, label: Label) -> Result<(), AddError> {
        self.labels.add(label)?;
        let pipeline = self.pipeline.clone();
        let resetting = Builder::new().spawn(move || Pipeline::reset(slice::from_ref(&pipeline))).unwrap();
        for _ in 0..10_000 {
            if resetting.is_finished() {
                break;
            }
            yield_now();
        }
        *self.resetting.lock().unwrap() = Some(resetting);
        Ok(())
    }

    fn change(&self, id: LabelId, step: &dyn Fn(&Label) -> Result<Label, Error>) -> Result<Label, Error> {
        self.labels.change(id, step)
    }

    fn find(&self, id: LabelId) -> Option<Label> {
        self.labels.find(id)
    }
}

#[tokio::test(start_paused = true)]
async fn a_label_that_was_forgotten_is_not_written_down() {
    let environment = Environment::from_iter([("CHAOS_FAILURE_RATE", "0")]);
    let plan = Plan::from_environment(&environment, crate::OPERATIONS, 7).unwrap();
    let pipeline = Pipeline::new(Arc::new(Chaos::new(plan)), Clock::starting_at(Timestamp::UNIX_EPOCH), 10);
    let labels = Arc::new(MemoryLabels::bounded_to(10));
    pipeline.keep(labels.clone());
    let slow = Arc::new(Slow { labels, pipeline: pipeline.clone(), resetting: Mutex::default() });
    let service = LabelService::new(slow.clone(), pipeline.clock());
    let routes = bare().with_state(Arc::new(Shipping { service, pipeline: pipeline.clone() }));
    let request = Request::post("/shipping/create-label").body(Body::from(ORDER)).unwrap();
    let asking = with_common(routes, Correlation::seeded(1)).oneshot(request);
    // The client disconnects, unless it learns of the reset first.
    let _ = tokio::time::timeout(Duration::from_secs(1), asking).await;
    slow.resetting.lock().unwrap().take().unwrap().join().unwrap();
    assert_eq!(pipeline.ledger().records().len(), 0, "nothing unknown is left live");
}
