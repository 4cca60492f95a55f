//! The embedded engine, through its public face.

mod toy;

mod lifecycle;
