"""The files that the scripts of METEOR's authors leave, read with care."""
