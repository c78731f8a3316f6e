"""The April 2024 report as issued, and the check that our report states every one of its facts."""
