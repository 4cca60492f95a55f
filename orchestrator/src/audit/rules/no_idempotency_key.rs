use crate::audit::order::{Call, Order};
use crate::audit::{Evidence, Kind, Rule};

pub(super) static RULE: Rule = Rule {
    name: "no_idempotency_key",
    kind: Kind::Behaviour,
    needs: &[],
    lifted_by: None,
    holds: "Every request that changes something carries an Idempotency-Key. Reported once an order.",
    cause: "Usually the HTTP client was never given one. Without it a request whose answer is lost cannot safely \
            be retried, and abandoning it may leave the effect behind.",
    judge,
};

fn judge<'a>(order: &Order<'a>) -> Option<Evidence<'a>> {
    let keyless = || {
        let writes = order.calls.iter().copied().filter(|call| call.operation.is_write());
        writes
            .filter(|call| !is_refused_as_a_whole(call))
            .filter(|call| call.request.idempotency_key.is_none())
    };
    let operation = &keyless().next()?.request.operation;
    let sentence = match keyless().count() {
        1 => format!("{operation} was asked without an Idempotency-Key."),
        count => format!("{operation} and {} more were asked without an Idempotency-Key.", count - 1),
    };
    Some(Evidence::new(sentence).calls(order, keyless()))
}

/// Whether it was no valid request: it did nothing, and its key may be what was wrong with it.
fn is_refused_as_a_whole(call: &Call<'_>) -> bool {
    matches!(
        call.request.error.as_deref(),
        Some("validation_error" | "malformed_json" | "body_too_large" | "unsupported_media_type")
    )
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::audit::story::judged;
    use insta::assert_snapshot;

    #[test]
    fn a_write_had_no_key() {
        assert_snapshot!(judged(&RULE, "0s payment.authorize key=none -> 201").unwrap(), @"payment.authorize was asked without an Idempotency-Key.");
        let two = "0s payment.authorize -> 201
            1s inventory.reserve key=none -> 201
            2s payment.capture auth_1 key=none -> 200";
        assert_snapshot!(judged(&RULE, two).unwrap(), @"inventory.reserve and 1 more were asked without an Idempotency-Key.");
    }

    #[test]
    fn what_is_no_valid_request_needs_none() {
        for refusal in
            ["400 validation_error", "400 malformed_json", "413 body_too_large", "415 unsupported_media_type"]
        {
            let refused = format!("0s payment.authorize key=none body=none -> {refusal}");
            assert_eq!(judged(&RULE, &refused), None, "{refusal}");
        }
    }

    #[test]
    fn reads_need_none() {
        let reads = "0s payment.authorize -> 201
            1s payment.status auth_1 -> 200
            2s inventory.check key=none -> 200";
        assert_eq!(judged(&RULE, reads), None);
    }
}
