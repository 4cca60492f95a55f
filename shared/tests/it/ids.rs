//! Typed ids.

use shared::typed_id;

typed_id!(
    /// An id for the test.
    ThingId,
    "thing_"
);

#[test]
fn an_id_reads_back_and_nothing_else_does() {
    let id = ThingId::from(0xab);
    assert_eq!(id.to_string(), "thing_00000000000000ab");
    assert_eq!(ThingId::parse("thing_00000000000000ab"), Some(id));
    for text in [
        "",
        "thing_",
        "thing_ab",
        "other_00000000000000ab",
        "thing_00000000000000AB",
        "thing_+0000000000000ab",
    ] {
        assert_eq!(ThingId::parse(text), None, "{text}");
    }
}
