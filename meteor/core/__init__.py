"""What every stage stands on: records, settings, hooks, roles."""
