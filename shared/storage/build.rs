//! Makes Cargo see a migration that was added: the migrations are embedded when the crate is
//! compiled.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
