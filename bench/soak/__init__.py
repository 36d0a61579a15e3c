"""`make soak`: whether a local stack that is used for long keeps its memory, its folders and its latency."""
