"""Where questions come from, and what becomes of them."""
