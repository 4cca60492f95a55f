//! What the environment may say.

use insta::assert_snapshot;
use inventory::Settings;
use shared::environment::Environment;

fn read(variables: &[(&str, &str)]) -> Result<Settings, String> {
    let environment: Environment = variables.iter().copied().collect();
    Settings::from_environment(&environment).map_err(|error| error.to_string())
}

#[test]
fn without_variables_there_is_plenty_of_everything() {
    let settings = read(&[]).unwrap();
    assert_eq!(settings, Settings::default());
    assert_eq!((settings.default_stock, settings.capacity), (1_000_000, 1_000_000));
    assert_eq!(settings.reservation_ttl.as_secs(), 1800);
}

#[test]
fn stock_is_set_sku_by_sku() {
    let settings =
        read(&[("INVENTORY_STOCK", " ITEM-001=100, a=b=0 ,"), ("INVENTORY_DEFAULT_STOCK", "0")]).unwrap();
    let stock: Vec<_> = settings.stock.iter().map(|(sku, count)| format!("{sku}: {count}")).collect();
    assert_eq!(stock, ["ITEM-001: 100", "a=b: 0"]);
    assert_eq!(settings.default_stock, 0);
}

#[test]
fn bad_settings_are_told_with_their_variable() {
    let mut told = String::new();
    for (name, value) in [
        ("INVENTORY_STOCK", "ITEM-001"),
        ("INVENTORY_STOCK", "ITEM-001=many"),
        ("INVENTORY_STOCK", "=1"),
        ("INVENTORY_STOCK", "A=1,A=2"),
        ("INVENTORY_STOCK", "A=1;B=2"),
        ("INVENTORY_DEFAULT_STOCK", "-1"),
        ("INVENTORY_RESERVATION_TTL", "30"),
        ("INVENTORY_CAPACITY", "0"),
    ] {
        told += &format!("{}\n", read(&[(name, value)]).unwrap_err());
    }
    assert_snapshot!(told, @"
    INVENTORY_STOCK: `ITEM-001` is not of the form SKU=count, such as ITEM-001=100
    INVENTORY_STOCK: in `ITEM-001=many`: `many` is not a whole number from 0 to 18446744073709551615
    INVENTORY_STOCK: in `=1`: the SKU must have 1 to 128 printable characters
    INVENTORY_STOCK: in `A=2`: the SKU is listed twice, the first time with 1
    INVENTORY_STOCK: in `A=1;B=2`: entries are separated by commas
    INVENTORY_DEFAULT_STOCK: `-1` is not a whole number from 0 to 18446744073709551615
    INVENTORY_RESERVATION_TTL: `30` is not a duration such as 500ms, 10s, 2m, 12h or 7d (at most 3650d)
    INVENTORY_CAPACITY: `0` is not a whole number from 1
    ");
}
