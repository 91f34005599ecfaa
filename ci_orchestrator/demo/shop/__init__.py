"""A small shop: what the example plan tests."""
