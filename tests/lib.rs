//! Tests that see the product as its users do.
