use smol_str::SmolStr;

use crate::activities::FoundLabel;
use crate::domain::Compensation;
use crate::workflow::{ActivityError, Certainty, Json, kind};

/// The meaning of a failed undo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// There is nothing left to undo.
    NothingLeft,
    /// The hold cannot be released, because it was captured.
    RefundInstead,
    /// It needs a person's attention.
    NeedsAttention,
}

pub(super) fn refused(compensation: Compensation, error: &ActivityError) -> Refused {
    if error.certainty != Certainty::Rejected {
        return Refused::NeedsAttention;
    }
    match (compensation, error.kind.as_str()) {
        (
            _,
            "already_released"
            | "already_refunded"
            | "already_cancelled"
            | "authorization_expired"
            | "reservation_expired",
        ) => Refused::NothingLeft,
        (Compensation::ReleasePayment, "already_captured") => Refused::RefundInstead,
        _ => Refused::NeedsAttention,
    }
}

/// Whether a repeat has shown that the call it repeats had no effect. Only the backend's own refusal of
/// the call itself shows that: not a refusal of the key, and not a failure on this side.
pub(super) fn never_happened(error: &ActivityError) -> bool {
    let about_the_call = !matches!(
        error.kind.as_str(),
        "idempotency_key_reuse" | "unsendable_request" | kind::CODEC | kind::NOT_REGISTERED
    );
    error.certainty == Certainty::Rejected && !error.may_have_happened && about_the_call
}

/// The label named by the newest attempt that may have created one.
pub(super) fn label_in_heartbeat(error: &ActivityError) -> Option<SmolStr> {
    let label: FoundLabel = error.heartbeat.as_ref().and_then(|details| Json::parse(details).ok())?;
    Some(label.label_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(certainty: Certainty, kind: &str) -> ActivityError {
        ActivityError {
            certainty,
            kind: kind.to_owned(),
            message: String::new(),
            may_have_happened: certainty == Certainty::Unknown,
            attempts: 1,
            retry_at: None,
            heartbeat: None,
            last_heartbeat: None,
        }
    }

    #[test]
    fn an_undo_is_settled_by_what_says_that_nothing_is_left_and_by_nothing_else() {
        let verdict = |compensation, kind| refused(compensation, &error(Certainty::Rejected, kind));
        for kind in [
            "already_released",
            "already_refunded",
            "already_cancelled",
            "authorization_expired",
            "reservation_expired",
        ] {
            assert_eq!(verdict(Compensation::ReleasePayment, kind), Refused::NothingLeft);
            let unanswered = error(Certainty::Unknown, kind);
            assert_eq!(refused(Compensation::ReleasePayment, &unanswered), Refused::NeedsAttention);
        }
        for kind in ["not_found", "not_captured", "idempotency_key_reuse", "validation_error"] {
            assert_eq!(verdict(Compensation::RefundPayment, kind), Refused::NeedsAttention);
        }
        assert_eq!(verdict(Compensation::ReleasePayment, "already_captured"), Refused::RefundInstead);
        assert_eq!(verdict(Compensation::ReleaseInventory, "already_captured"), Refused::NeedsAttention);
    }

    #[test]
    fn only_a_refusal_of_the_call_itself_tells_that_it_had_no_effect() {
        assert!(never_happened(&error(Certainty::Rejected, "insufficient_funds")));
        assert!(!never_happened(&error(Certainty::Rejected, "idempotency_key_reuse")));
        assert!(!never_happened(&error(Certainty::Rejected, kind::CODEC)));
        assert!(!never_happened(&error(Certainty::Rejected, "unsendable_request")));
        assert!(!never_happened(&error(Certainty::Unavailable, "http_403")), "a proxy's page");
        assert!(!never_happened(&error(Certainty::Unavailable, kind::ACTIVITY_TIMEOUT)));
        assert!(!never_happened(&error(Certainty::Unknown, "timeout")));
    }

    #[test]
    fn a_heartbeat_names_the_label() {
        let heartbeat = Json::from_text(r#"{"labelId":"lbl_1","progress":50}"#.to_owned()).unwrap();
        let error = ActivityError { heartbeat: Some(heartbeat), ..error(Certainty::Unknown, "timeout") };
        assert_eq!(label_in_heartbeat(&error).as_deref(), Some("lbl_1"));
    }
}
