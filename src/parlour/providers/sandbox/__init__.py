"""Where the code of apps runs: interpreters that can do no harm. Knows no node and no run."""
