//! The one binary, `fake-stripe-chaos`.

fn main() {}
