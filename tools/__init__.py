"""What is run by hand or by `make`, and belongs to no package."""
