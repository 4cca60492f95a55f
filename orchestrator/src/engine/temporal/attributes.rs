//! Search attributes: their SDK form, and their registration.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use temporalio_client::Connection;
use temporalio_client::tonic::{Code, IntoRequest, Status};
use temporalio_common::protos::temporal::api::common::v1::SearchAttributes;
use temporalio_common::protos::temporal::api::enums::v1::IndexedValueType;
use temporalio_common::protos::temporal::api::operatorservice::v1::{
    AddSearchAttributesRequest, ListSearchAttributesRequest,
};
use temporalio_common::search_attributes::{SearchAttributeKey, SearchAttributeUpdate};
use tokio::time::{Instant, sleep};

use super::connect::ConnectError;
use super::payload::from_payload;
use crate::workflow::{SearchAttribute, SearchKind, SearchValue};

/// Whether a run needs a person's attention; every workflow has it.
pub(super) const NEEDS_ATTENTION: &str = "NeedsAttention";

/// How long the server may take to know a new attribute.
const REGISTRATION_TIMEOUT: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// An attribute's new value.
pub(super) fn update(attribute: &SearchAttribute) -> SearchAttributeUpdate {
    let name = attribute.name;
    match &attribute.value {
        SearchValue::Keyword(text) => SearchAttributeKey::<String>::keyword(name).value_set(text.to_string()),
        SearchValue::Int(number) => SearchAttributeKey::<i64>::int(name).value_set(*number),
        SearchValue::Float(number) => SearchAttributeKey::<f64>::float(name).value_set(*number),
        SearchValue::Bool(answer) => SearchAttributeKey::<bool>::bool(name).value_set(*answer),
        SearchValue::Datetime(at) => {
            SearchAttributeKey::datetime(name).value_set(SystemTime::from(*at).into())
        }
    }
}

/// The values of the `known` attributes, by name.
pub(super) fn values(
    attributes: Option<&SearchAttributes>,
    known: &BTreeMap<&'static str, SearchKind>,
) -> Vec<SearchAttribute> {
    let value = |(&name, kind): (&&'static str, &SearchKind)| {
        let json = from_payload(attributes?.indexed_fields.get(name)?)?;
        let value = match kind {
            SearchKind::Keyword => SearchValue::Keyword(json.parse().ok()?),
            SearchKind::Int => SearchValue::Int(json.parse().ok()?),
            SearchKind::Float => SearchValue::Float(json.parse().ok()?),
            SearchKind::Bool => SearchValue::Bool(json.parse().ok()?),
            SearchKind::Datetime => SearchValue::Datetime(json.parse::<Timestamp>().ok()?),
        };
        Some(SearchAttribute { name, value })
    };
    known.iter().filter_map(value).collect()
}

/// Registers what is missing, and waits until the server knows it: a run that sets an unknown
/// attribute hangs forever.
pub(super) async fn register(
    connection: &Connection,
    namespace: &str,
    wanted: &BTreeMap<&'static str, SearchKind>,
) -> Result<(), ConnectError> {
    let deadline = Instant::now() + REGISTRATION_TIMEOUT;
    let mut is_asked = false;
    loop {
        let missing = missing(wanted, &registered(connection, namespace).await?)?;
        if missing.is_empty() {
            return Ok(());
        }
        if !is_asked {
            tracing::info!(names = ?missing.keys(), "search attributes are being registered");
            add(connection, namespace, &missing).await?;
            is_asked = true;
        } else if Instant::now() > deadline {
            return Err(ConnectError::Attributes(format!("{} did not appear", list(&missing))));
        }
        sleep(POLL_INTERVAL).await;
    }
}

type Wanted = BTreeMap<&'static str, SearchKind>;

fn missing(wanted: &Wanted, registered: &HashMap<String, i32>) -> Result<Wanted, ConnectError> {
    let mut missing = Wanted::new();
    for (name, kind) in wanted {
        match registered.get(*name) {
            None => drop(missing.insert(name, *kind)),
            Some(found) if *found == indexed(*kind) as i32 => {}
            Some(found) => {
                let found = IndexedValueType::try_from(*found).map_or("unknown", |kind| kind.as_str_name());
                return Err(ConnectError::Attributes(format!(
                    "{name} is registered as {found}, but must be {}",
                    spelled(*kind)
                )));
            }
        }
    }
    Ok(missing)
}

async fn registered(connection: &Connection, namespace: &str) -> Result<HashMap<String, i32>, ConnectError> {
    let request = ListSearchAttributesRequest { namespace: namespace.to_owned() };
    let answer = connection.operator_service().list_search_attributes(request.into_request()).await;
    let answer = answer.map_err(|status| refused("they cannot be listed", &status))?.into_inner();
    Ok(answer.custom_attributes)
}

async fn add(connection: &Connection, namespace: &str, missing: &Wanted) -> Result<(), ConnectError> {
    let search_attributes =
        missing.iter().map(|(name, kind)| ((*name).to_owned(), indexed(*kind) as i32)).collect();
    let request = AddSearchAttributesRequest { search_attributes, namespace: namespace.to_owned() };
    match connection.operator_service().add_search_attributes(request.into_request()).await {
        // Another process was faster.
        Err(status) if status.code() == Code::AlreadyExists => Ok(()),
        Err(status) => Err(refused(&format!("{} are not registered", list(missing)), &status)),
        Ok(_) => Ok(()),
    }
}

fn refused(what: &str, status: &Status) -> ConnectError {
    let how =
        "ask an administrator to run `temporal operator search-attribute create --name NAME --type TYPE`";
    ConnectError::Attributes(format!("{what} ({}: {}); {how}", status.code(), status.message()))
}

fn list(missing: &Wanted) -> String {
    missing.iter().map(|(name, kind)| format!("{name}={}", spelled(*kind))).collect::<Vec<_>>().join(", ")
}

fn indexed(kind: SearchKind) -> IndexedValueType {
    match kind {
        SearchKind::Keyword => IndexedValueType::Keyword,
        SearchKind::Int => IndexedValueType::Int,
        SearchKind::Float => IndexedValueType::Double,
        SearchKind::Bool => IndexedValueType::Bool,
        SearchKind::Datetime => IndexedValueType::Datetime,
    }
}

/// A type as Temporal's command line spells it.
fn spelled(kind: SearchKind) -> &'static str {
    match kind {
        SearchKind::Keyword => "Keyword",
        SearchKind::Int => "Int",
        SearchKind::Float => "Double",
        SearchKind::Bool => "Bool",
        SearchKind::Datetime => "Datetime",
    }
}
