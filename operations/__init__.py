"""Commands for operators of a deployed stack, run with their own AWS credentials."""
