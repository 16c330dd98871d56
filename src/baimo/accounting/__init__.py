"""What calls cost. Pure, in decimal numbers; what is not known is None."""
