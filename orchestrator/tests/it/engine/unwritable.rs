//! What a workflow's code makes that cannot be JSON.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use orchestrator::engine::embedded::{Engine, Registry, SqliteJournal};
use orchestrator::workflow::{
    Closed, Json, Reception, SearchKind, Start, UnknownMessage, WorkflowClient, WorkflowCtx, WorkflowDef,
    WorkflowFailure,
};
use tempfile::tempdir;
use tokio::runtime::Handle;

use super::toy::World;

/// A workflow that waits, and then counts under a key that JSON does not know, until its code is mended.
struct Count<const IS_MENDED: bool>;

impl<const IS_MENDED: bool> WorkflowDef for Count<IS_MENDED> {
    const NAME: &'static str = "count";
    type Input = u64;
    type Output = BTreeMap<Vec<u8>, u8>;
    type State = u64;
    const SIGNALS: &'static [&'static str] = &[];
    const QUERIES: &'static [&'static str] = &[];
    const SEARCH_ATTRIBUTES: &'static [(&'static str, SearchKind)] = &[];

    fn init(wait_ms: &u64) -> u64 {
        *wait_ms
    }

    fn on_signal(_: &mut u64, name: &str, _: &Json) -> Result<Reception, UnknownMessage> {
        Err(UnknownMessage(name.to_owned()))
    }

    fn on_query(_: &u64, name: &str, _: &Json) -> Result<Json, UnknownMessage> {
        Err(UnknownMessage(name.to_owned()))
    }

    fn needs_attention(_: &u64) -> bool {
        false
    }

    async fn run<C: WorkflowCtx<State = u64>>(
        ctx: C,
        wait_ms: u64,
    ) -> Result<BTreeMap<Vec<u8>, u8>, WorkflowFailure> {
        ctx.sleep(Duration::from_millis(wait_ms)).await?;
        Ok(if IS_MENDED { BTreeMap::new() } else { BTreeMap::from([(vec![1], 1)]) })
    }
}

fn engine_in<const IS_MENDED: bool>(directory: &Path) -> Engine {
    let journal = Arc::new(SqliteJournal::open(directory).unwrap());
    let mut registry = Registry::new(Arc::new(()));
    registry.register::<Count<IS_MENDED>>();
    Engine::start_on_thread(journal, registry, World::echo().engine, Handle::current()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_whose_output_cannot_be_json_is_quarantined_until_its_code_is_mended() {
    let directory = tempdir().unwrap();
    let engine = engine_in::<false>(directory.path());
    let input = Json::holding(1u64);
    let start = Start { workflow: Count::<false>::NAME, workflow_id: "r".to_owned(), input };
    engine.start(start).await.unwrap();
    let reason = loop {
        if let Some(reason) = engine.describe("r").await.unwrap().quarantine {
            break reason;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    assert_eq!(reason, "key must be a string");
    engine.shutdown().await;

    let engine = engine_in::<true>(directory.path());
    let result = engine.result("r", Duration::from_secs(60)).await;
    assert_eq!(result, Ok(Some(Closed::Completed(Json::from_text("{}".to_owned()).unwrap()))));
    assert_eq!(engine.describe("r").await.unwrap().quarantine, None);
    engine.shutdown().await;
}
