"""Releases: signed files that hold a program, see `check`. In memory while one is looked at."""
