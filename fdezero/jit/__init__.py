"""A compiler for what a pure function does to arrays: a program, passes over it, two backends, the entry."""
