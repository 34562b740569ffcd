"""What holds for all inputs: random requests and data against models written from the contract."""
