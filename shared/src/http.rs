//! HTTP for every service: the error shape, readable rejections, correlation, the server.

mod answers;
mod call;
mod correlation;
mod fields;
mod head_timer;
mod json;
mod opening;
mod path_id;
mod problem;
mod query;
mod serve;
mod socket;
mod stall;

pub use answers::with_common;
pub(crate) use call::MAX_KEY_LENGTH;
pub use call::{Call, MAX_BODY_BYTES};
pub use correlation::{Context, Correlated, Correlation, CorrelationId};
pub use fields::Fields;
pub(crate) use json::write_json;
pub use json::{Object, encode};
pub use path_id::PathId;
pub use problem::{FieldError, Injected, Problem, ProblemBody, problems};
pub use query::{Params, given, whole_number};
pub use serve::{Limits, serve};
pub use socket::SeversAtEnd;

pub use crate::chaos::Severed;
