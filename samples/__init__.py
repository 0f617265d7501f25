"""Two small installations to try things with: a quiz club (`members`) and a shop (`shop`); see docs/samples.md."""
