//! What an adapter's file shows to the loader: nothing of Rust may cross the border.

use object::{Object, ObjectSymbol};

use crate::layer::built;

/// As `nm -D --defined-only` lists them.
fn defined(name: &str) -> Vec<String> {
    let bytes = built(name);
    let file = object::File::parse(&*bytes).unwrap();
    let defined = file.dynamic_symbols().filter(|symbol| symbol.is_definition());
    defined.map(|symbol| symbol.name().unwrap().to_owned()).collect()
}

#[test]
fn an_adapter_exports_its_descriptor_and_nothing_else() {
    for name in ["vodafone", "o2", "rogue"] {
        assert_eq!(defined(name), ["SNA_ADAPTER_V1"], "{name}");
    }
}
