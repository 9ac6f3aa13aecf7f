"""One connection, and every question about the port this runs on. In memory all the time."""
