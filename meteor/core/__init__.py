"""What every stage stands on: records, settings, hooks, roles and the contract of a stage."""
