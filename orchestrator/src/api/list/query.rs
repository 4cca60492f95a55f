use jiff::Timestamp;
use serde::Deserialize;
use shared::http::{Fields, Problem, given, whole_number};
use shared::number::Number;
use utoipa::IntoParams;

use crate::workflow::{Comparison, Condition, Filter, SearchValue};
use crate::workflows::order_fulfillment::{
    CUSTOMER_ID, ORDER_CREATED_AT, ORDER_ID, ORDER_STATUS, TOTAL_AMOUNT,
};

/// The values of the search attribute `OrderStatus`.
const STATUSES: [&str; 7] =
    ["pending", "approved", "rejected", "processing", "shipped", "failed", "cancelled"];

const DEFAULT_LIMIT: u64 = 50;
const MAX_LIMIT: u64 = 1000;
const MAX_TEXT_LENGTH: usize = 128;
const MAX_CURSOR_LENGTH: usize = 1024;

/// Which orders, and which page of them.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct ListQuery {
    /// This order.
    order_id: Option<String>,
    /// Orders of this customer.
    customer_id: Option<String>,
    /// Orders in this status; `pending` is `awaiting_approval`.
    #[param(example = "shipped")]
    order_status: Option<String>,
    /// Orders of this amount or more.
    #[param(value_type = Option<f64>)]
    min_amount: Option<String>,
    /// Orders of this amount or less.
    #[param(value_type = Option<f64>)]
    max_amount: Option<String>,
    /// Orders placed at this time or later, such as `2026-01-28T10:00:00Z`.
    #[param(format = DateTime)]
    created_after: Option<String>,
    /// Orders placed at this time or earlier.
    #[param(format = DateTime)]
    created_before: Option<String>,
    /// Only orders that do (or do not) wait for a person's `retry`.
    #[param(value_type = Option<bool>)]
    needs_attention: Option<String>,
    /// The `nextCursor` of the previous page, with the same filters.
    cursor: Option<String>,
    /// At most this many orders.
    #[param(value_type = Option<u64>, minimum = 1, maximum = 1000, default = 50)]
    limit: Option<String>,
}

impl ListQuery {
    /// The filter that these parameters spell.
    pub(super) fn filter(&self) -> Result<Filter, Problem> {
        let mut terms = Terms::default();
        terms.text(ORDER_ID, "orderId", self.order_id.as_deref());
        terms.text(CUSTOMER_ID, "customerId", self.customer_id.as_deref());
        terms.status(self.order_status.as_deref());
        terms.amounts(self.min_amount.as_deref(), self.max_amount.as_deref());
        terms.times(self.created_after.as_deref(), self.created_before.as_deref());
        let Terms { conditions, mut fields } = terms;
        let needs_attention = yes_or_no(&mut fields, "needsAttention", self.needs_attention.as_deref());
        let cursor = fields.optional_text(
            "cursor",
            given(self.cursor.as_deref()).map(str::to_owned),
            MAX_CURSOR_LENGTH,
        );
        let limit =
            whole_number(&mut fields, "limit", self.limit.as_deref(), 1..=MAX_LIMIT).unwrap_or(DEFAULT_LIMIT);
        let limit = usize::try_from(limit).ok();
        fields.finish(limit.map(|limit| Filter { conditions, needs_attention, cursor, limit }))
    }
}

/// The conditions read so far, and the errors of the parameters.
#[derive(Default)]
struct Terms {
    conditions: Vec<Condition>,
    fields: Fields,
}

impl Terms {
    fn add(&mut self, attribute: &'static str, comparison: Comparison, value: SearchValue) {
        self.conditions.push(Condition { attribute, comparison, value });
    }

    fn text(&mut self, attribute: &'static str, name: &str, value: Option<&str>) {
        // Not trimmed: an id may have blanks at its ends.
        let text = value.filter(|text| !text.trim().is_empty()).map(str::to_owned);
        if let Some(text) = self.fields.optional_text(name, text, MAX_TEXT_LENGTH) {
            self.add(attribute, Comparison::Equal, SearchValue::Keyword(text.into()));
        }
    }

    fn status(&mut self, value: Option<&str>) {
        let Some(word) = given(value) else { return };
        // The only status whose search attribute has a different value.
        let word = if word == "awaiting_approval" { "pending" } else { word };
        if STATUSES.contains(&word) {
            self.add(ORDER_STATUS, Comparison::Equal, SearchValue::Keyword(word.into()));
        } else {
            self.fields.wrong("orderStatus", format!("must be one of {}", STATUSES.join(", ")));
        }
    }

    fn amounts(&mut self, least: Option<&str>, most: Option<&str>) {
        let least = amount(&mut self.fields, "minAmount", least);
        let most = amount(&mut self.fields, "maxAmount", most);
        let ordered = least.zip(most).is_none_or(|(least, most)| least <= most);
        self.fields.check(ordered, "minAmount", "must not be greater than maxAmount");
        self.range(TOTAL_AMOUNT, least.map(SearchValue::Float), most.map(SearchValue::Float));
    }

    fn times(&mut self, after: Option<&str>, before: Option<&str>) {
        let after = time(&mut self.fields, "createdAfter", after);
        let before = time(&mut self.fields, "createdBefore", before);
        let ordered = after.zip(before).is_none_or(|(after, before)| after <= before);
        self.fields.check(ordered, "createdAfter", "must not be later than createdBefore");
        self.range(ORDER_CREATED_AT, after.map(SearchValue::Datetime), before.map(SearchValue::Datetime));
    }

    fn range(&mut self, attribute: &'static str, least: Option<SearchValue>, most: Option<SearchValue>) {
        for (comparison, value) in [(Comparison::AtLeast, least), (Comparison::AtMost, most)] {
            if let Some(value) = value {
                self.add(attribute, comparison, value);
            }
        }
    }
}

fn amount(fields: &mut Fields, name: &str, value: Option<&str>) -> Option<f64> {
    let amount = Number::parse(given(value)?).map_err(|message| fields.wrong(name, message)).ok()?;
    Some(amount.to_double())
}

fn time(fields: &mut Fields, name: &str, value: Option<&str>) -> Option<Timestamp> {
    let at = given(value)?.parse().ok();
    fields.check(at.is_some(), name, "must be a time such as 2026-01-28T10:00:00Z");
    at
}

fn yes_or_no(fields: &mut Fields, name: &str, value: Option<&str>) -> Option<bool> {
    let answer = given(value)?.parse().ok();
    fields.check(answer.is_some(), name, "must be true or false");
    answer
}
