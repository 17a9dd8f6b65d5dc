"""Processes: who may run on a data folder, the engine's loop, and the parent's watch over it.

A pipe joins parent and child: a byte means new rows, end of file means drain and exit. That is the whole
supervision, the same on Linux, macOS and Windows.
"""
