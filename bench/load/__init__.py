"""`make load`: people who use a running stack, simulated by Locust, with thresholds."""
