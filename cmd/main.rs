//! The program `ros`.
fn main() {}
