"""Read Apple profiles and declarations, and the rules of Santa."""
