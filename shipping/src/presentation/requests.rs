use serde::Deserialize;
use shared::http::{Fields, Object, Problem};
use shared::pipeline::Intent;
use smol_str::SmolStr;
use utoipa::ToSchema;

use crate::application::CreateLabel;
use crate::domain::Address;

const MAX_STREET_LENGTH: usize = 200;
const MAX_NAME_LENGTH: usize = 100;
const MAX_ZIP_LENGTH: usize = 20;
const MAX_COUNTRY_LENGTH: usize = 60;
const MAX_CARRIER_LENGTH: usize = 50;

/// A request for a label.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateLabelRequest {
    /// Where the parcel goes.
    #[schema(value_type = AddressBody, required)]
    shipping_address: Option<Object<AddressBody>>,
    /// The carrier; UPS by default.
    #[schema(example = "UPS", default = "UPS", max_length = 50)]
    carrier: Option<String>,
    /// The order it belongs to.
    #[schema(value_type = Option<String>, example = "ORD-123", max_length = 255)]
    order_id: Option<SmolStr>,
}

/// An address.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ShippingAddress)]
struct AddressBody {
    #[schema(value_type = String, required, example = "123 Main St", min_length = 1, max_length = 200)]
    street: Option<String>,
    #[schema(value_type = String, required, example = "San Francisco", min_length = 1, max_length = 100)]
    city: Option<String>,
    #[schema(value_type = String, required, example = "CA", min_length = 1, max_length = 100)]
    state: Option<String>,
    #[schema(value_type = String, required, example = "94105", min_length = 1, max_length = 20)]
    zip: Option<String>,
    /// A two-letter code or a name.
    #[schema(value_type = String, required, example = "US", min_length = 1, max_length = 60)]
    country: Option<String>,
}

impl CreateLabelRequest {
    /// Checks every rule of the body.
    pub(super) fn prepare(self) -> Result<Intent<CreateLabel>, Problem> {
        let mut fields = Fields::new();
        let address = fields.required("shippingAddress", self.shipping_address);
        let address = address.and_then(|Object(address)| address.check(&mut fields));
        let carrier = fields.optional_text("carrier", self.carrier, MAX_CARRIER_LENGTH);
        let order = fields.optional_id("orderId", self.order_id);
        let carrier = carrier.unwrap_or_else(|| "UPS".to_owned());
        let command =
            fields.finish(address.map(|address| CreateLabel { address, carrier, order: order.clone() }))?;
        Ok(Intent { command, order, resource: None })
    }
}

impl AddressBody {
    fn check(self, fields: &mut Fields) -> Option<Address> {
        let mut text =
            |name: &str, value, most| fields.required_text(&format!("shippingAddress.{name}"), value, most);
        // Every field is checked before any is reported, so that one answer names them all.
        let street = text("street", self.street, MAX_STREET_LENGTH);
        let city = text("city", self.city, MAX_NAME_LENGTH);
        let state = text("state", self.state, MAX_NAME_LENGTH);
        let zip = text("zip", self.zip, MAX_ZIP_LENGTH);
        let country = text("country", self.country, MAX_COUNTRY_LENGTH);
        Some(Address { street: street?, city: city?, state: state?, zip: zip?, country: country? })
    }
}

/// A request to cancel a label.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CancelRequest {
    /// The label.
    #[schema(value_type = String, required, example = "lbl_5c7d0a4e9b1f2836", min_length = 1, max_length = 255)]
    label_id: Option<SmolStr>,
}

impl CancelRequest {
    /// Checks every rule of the body, and returns the label's id. The operation itself checks whether
    /// the label exists.
    pub(super) fn label_id(self) -> Result<SmolStr, Problem> {
        let mut fields = Fields::new();
        let id = fields.required_id("labelId", self.label_id);
        fields.finish(id)
    }
}
