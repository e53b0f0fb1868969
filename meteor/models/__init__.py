"""Models as files and as tokens: encoding, FLOPs, cards."""
