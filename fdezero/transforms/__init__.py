"""Functions from functions to functions: gradients, Jacobians, batches, and what is built of them."""
