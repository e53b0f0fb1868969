"""What sources share: lines of packed files in flat memory, and ids for rows that have none."""
