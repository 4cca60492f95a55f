//! Rows of a journal that this version cannot read: another version wrote them, or the file is damaged.
//! They cost their own run, and only for as long as they are there.

use std::path::Path;
use std::sync::Arc;

use orchestrator::engine::embedded::{Engine, SqliteJournal};
use orchestrator::workflow::{ClientError, Filter, Json, Reception, WorkflowClient};
use tempfile::{TempDir, tempdir};
use tokio::runtime::Handle;

use super::toy::{Ask, Op, World};

fn engine_in(directory: &Path) -> Engine {
    let (journal, world) = (SqliteJournal::open(directory).unwrap(), World::echo());
    Engine::start_on_thread(Arc::new(journal), world.registry::<1>(), world.engine, Handle::current())
        .unwrap()
}

/// A journal with the runs `damaged` and `whole`, which wait for a signal.
async fn waiting_runs() -> TempDir {
    let directory = tempdir().unwrap();
    let engine = engine_in(directory.path());
    for id in ["damaged", "whole"] {
        engine.run(id, vec![Op::Await("first".into()), Op::Await("second".into())]).await;
        assert_eq!(engine.tell(id, "first").await, Ok(Reception::Accepted));
    }
    engine.shutdown().await;
    directory
}

fn execute(directory: &Path, sql: &str) {
    let changed = rusqlite::Connection::open(directory.join("journal.sqlite")).unwrap().execute(sql, []);
    assert_eq!(changed, Ok(1));
}

async fn ids_of(engine: &Engine, filter: Filter) -> Vec<String> {
    let page = engine.list(&Filter { limit: 9, ..filter }).await.unwrap();
    page.runs.into_iter().map(|run| run.workflow_id).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_with_an_unreadable_event_is_quarantined_until_it_can_be_read() {
    let directory = waiting_runs().await;
    let path = directory.path();
    let damaged = "WHERE run = (SELECT key FROM runs WHERE workflow_id = 'damaged') AND position = 1";
    execute(path, &format!(r#"UPDATE entries SET event = replace(event, 'signal', 'telepathy') {damaged}"#));

    let engine = engine_in(path);
    let reason = "event 2 cannot be read: another version wrote it, or the journal is damaged";
    let quarantined = ClientError::Quarantined(reason.to_owned());
    assert_eq!(engine.describe("damaged").await.unwrap().quarantine.as_deref(), Some(reason));
    assert_eq!(engine.tell("damaged", "second").await, Err(quarantined));
    let events = engine.events("damaged").await;
    assert_eq!(events.into_iter().map(|event| event.event).collect::<Vec<_>>(), ["started"]);
    assert_eq!(ids_of(&engine, Filter::default()).await, ["whole", "damaged"]);
    assert_eq!(engine.tell("whole", "second").await, Ok(Reception::Accepted));
    engine.shutdown().await;
    let engine = engine_in(path);
    let in_need = Filter { needs_attention: Some(true), ..Filter::default() };
    assert_eq!(ids_of(&engine, in_need).await, ["damaged"]);
    engine.shutdown().await;

    execute(path, &format!(r#"UPDATE entries SET event = replace(event, 'telepathy', 'signal') {damaged}"#));
    let engine = engine_in(path);
    assert_eq!(engine.tell("damaged", "second").await, Ok(Reception::Accepted));
    assert_eq!(engine.log("damaged").await, ["told", "told"]);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unreadable_state_is_told_and_rebuilt_from_the_events() {
    let directory = waiting_runs().await;
    execute(directory.path(), "UPDATE runs SET state = '{' WHERE workflow_id = 'damaged'");

    let engine = engine_in(directory.path());
    let reason = engine.describe("damaged").await.unwrap().quarantine.unwrap();
    assert!(reason.starts_with("its state in the journal cannot be read: EOF while parsing"), "{reason}");
    let unfit = engine.query("damaged", "told", Json::null()).await;
    assert!(matches!(unfit, Err(ClientError::Quarantined(_))), "{unfit:?}");
    assert_eq!(ids_of(&engine, Filter::default()).await, ["whole", "damaged"]);
    assert_eq!(engine.tell("damaged", "second").await, Ok(Reception::Accepted));
    assert_eq!(engine.log("damaged").await, ["told", "told"]);
    assert_eq!(engine.describe("damaged").await.unwrap().quarantine, None);
    let told = engine.query("damaged", "told", Json::null()).await.unwrap();
    assert_eq!(told.text(), r#"["first","second"]"#);
    engine.shutdown().await;
}
