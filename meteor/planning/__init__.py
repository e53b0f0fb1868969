"""Which requests the stages would send, found out without sending one."""
