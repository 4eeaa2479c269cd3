//! Tells cargo that the catalogue is part of the program: a file that is added to it must lead to a new build.

fn main() {
    println!("cargo::rerun-if-changed=../catalog/instruments");
    println!("cargo::rerun-if-changed=../catalog/parties");
}
