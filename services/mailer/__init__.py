"""The mailer: brings each finished report to each recipient, once, and keeps the proof."""
