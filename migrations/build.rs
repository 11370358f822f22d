//! A new migration is one more file that the compiler has not heard of.

fn main() {
    println!("cargo:rerun-if-changed=sql");
}
