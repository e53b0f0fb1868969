"""The report: one page that shows how the model evolved, and what it says."""
