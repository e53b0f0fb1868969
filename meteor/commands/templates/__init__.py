"""Files to start a plugin of one's own with, one a role: `meteor plugins new` copies them."""
