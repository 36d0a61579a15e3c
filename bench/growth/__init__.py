"""What each way to the table costs as the table grows."""
