"""What the stores in SQL share. Does not know which database runs it."""
