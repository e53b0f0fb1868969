"""What verdicts come to: comparisons, controls, scores, agreement."""
