"""`python -m tagway`: the command line, for whoever starts it as a child process."""

from tagway.cli import main

main()
