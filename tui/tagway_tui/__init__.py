"""The live screen of Tagway: a reader of the store, never of the web process."""
