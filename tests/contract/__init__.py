"""Do we speak the protocol: one test a rule of the wire contract, over real HTTP."""
