"""Products: what can be ordered, its price and its stock."""
