//! Has the program built anew when a text or an asset that is part of it changes.

fn main() {
    for folder in ["assets/public", "locales"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
