"""How requests travel and replies are stored; no stage tracks it."""
