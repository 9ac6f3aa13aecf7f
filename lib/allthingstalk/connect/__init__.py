"""What makes a session, mends it and ends it. In memory for that long only."""
