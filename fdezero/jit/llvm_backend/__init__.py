"""The backend of `jit` that writes LLVM IR."""
