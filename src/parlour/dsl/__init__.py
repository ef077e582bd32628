"""Exported YAML to apps. Pure: reads text, not files; knows no provider and no store."""
