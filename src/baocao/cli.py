"""Command line: parse, call one function, print. Everything a user reads is Vietnamese."""
