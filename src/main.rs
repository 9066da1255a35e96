//! Arguments in, window or headless command out.
fn main() {}
