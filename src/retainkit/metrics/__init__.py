"""The metrics, one file each: frozen Params, needs, tally, summarise."""
