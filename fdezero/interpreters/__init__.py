"""What a primitive call means: one Box each for reverse mode, forward mode, batches and Taylor series."""
