"""The heart: which invoice bills a ticket, how that is proved, and what is said when it cannot be."""
