"""Where the databases differ: connections and locks of each, and expressions that each spells."""
