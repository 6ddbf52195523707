//! Compiles the lock with the atomics of the model checker.

fn main() {
    println!("cargo::rustc-cfg=model");
}
