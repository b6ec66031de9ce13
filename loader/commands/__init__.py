"""The commands of `loader`, a module for each group of them."""
