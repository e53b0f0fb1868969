"""What the stages would read and ask, found out without running one."""
