"""The places of the screen, one a file, and what lies over them: why, help, a person."""
