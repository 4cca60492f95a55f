//! What handlers read from a request's path: the run it is about.

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use shared::http::{Problem, problems};
use utoipa::IntoParams;

use crate::domain::WORKFLOW_ID_PREFIX;
use crate::workflows::order_fulfillment::workflow_id;

/// The id of an order's run.
#[derive(Clone, Debug, PartialEq, Eq, IntoParams)]
#[into_params(names("id"), parameter_in = Path)]
pub(super) struct WorkflowId(
    /// The workflow's id, or the order's.
    #[param(example = "order-fulfillment-ORD-123")]
    pub(super) String,
);

impl WorkflowId {
    /// A run by its own id, or by that of its order.
    fn named(name: String) -> Self {
        if name.starts_with(WORKFLOW_ID_PREFIX) { Self(name) } else { Self(workflow_id(&name)) }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for WorkflowId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(name) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| {
            Problem::new(&problems::NOT_FOUND, "The workflow's id in the path is not valid text.")
        })?;
        Ok(Self::named(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_named_by_its_id_or_its_orders() {
        for name in ["ORD-1", "order-fulfillment-ORD-1"] {
            assert_eq!(WorkflowId::named(name.to_owned()).0, "order-fulfillment-ORD-1");
        }
    }
}
