"""Result files: written under another name, published whole, served by byte ranges, swept."""
